#include "platform/texts/language.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <thread>
#include <vector>

#include "platform/texts/catalogue.h"

namespace latchkey::texts {
namespace {

using namespace std::chrono_literals;

// What a language says of its own: nothing but what is set here.
struct Sample {
  std::vector<std::string_view> texts = std::vector<std::string_view>(text_keys().size());
  std::vector<std::string_view> patterns =
      std::vector<std::string_view>(translations().front().patterns.size());

  Sample& say(Text text, std::string_view words) {
    texts[static_cast<std::size_t>(text)] = words;
    return *this;
  }
  Sample& say(Pattern pattern, std::string_view words) {
    patterns[static_cast<std::size_t>(pattern)] = words;
    return *this;
  }
};

// A language with what it refers to.
class Spoken {
 public:
  explicit Spoken(std::string_view code, Sample sample = {})
      : sample_(std::move(sample)), own_{code, code, sample_.texts, sample_.patterns} {}
  const Language* operator->() const { return &language_; }

 private:
  const Sample sample_;
  const Translation own_;
  const Language language_{own_, translations().front()};
};

TEST(Language, SaysWhatItLacksInEnglish) {
  const Spoken french("fr", Sample().say(Text::cancel, "Annuler"));
  EXPECT_EQ(french->code(), "fr");
  EXPECT_EQ(french->direction(), "ltr");
  EXPECT_EQ(french->say(Text::cancel), "Annuler");
  EXPECT_EQ(french->say(Text::save), "Save");
  EXPECT_EQ(french->say(LogoutBack{.app = "Element"}), "Back to Element");
  // English words, counted as English counts.
  EXPECT_EQ(french->say(ErrorTooMany{.seconds = 0}),
            "Too many attempts. Wait 0 seconds, then try again.");
}

TEST(Language, CountsByItsOwnRules) {
  const Spoken polish(
      "pl", Sample().say(Pattern::error_too_many,
                         "{seconds, plural, one {# sekunda} few {# sekundy} other {# sekund}}"));
  EXPECT_EQ(polish->say(ErrorTooMany{.seconds = 1}), "1 sekunda");
  EXPECT_EQ(polish->say(ErrorTooMany{.seconds = 3}), "3 sekundy");
  EXPECT_EQ(polish->say(ErrorTooMany{.seconds = 12}), "12 sekund");
}

TEST(Language, ShowsNamesAsTheyAre) {
  const Spoken english("en");
  EXPECT_EQ(english->code(), "en");
  EXPECT_EQ(english->say(LogoutBack{.app = "{app} 'n' <b> # ''"}), "Back to {app} 'n' <b> # ''");
}

// In either direction, a name of the other keeps its place and its own full stop.
TEST(Language, KeepsDirectionsApart) {
  const Spoken arabic("ar", Sample()
                                .say(Text::cancel, "إلغاء")
                                .say(Pattern::logout_back, "العودة إلى {app}")
                                .say(Pattern::on_system, "{browser} على {system}"));
  EXPECT_EQ(arabic->direction(), "rtl");
  EXPECT_EQ(arabic->say(Text::cancel), "إلغاء");
  EXPECT_EQ(arabic->say(Text::save), "\u2068Save\u2069") << "words of another direction";
  EXPECT_EQ(arabic->say(LogoutBack{.app = "Element"}), "العودة إلى \u2068Element\u2069");
  EXPECT_EQ(arabic->say(OnSystem{.browser = "Firefox", .system = "Linux"}),
            "\u200f\u2068Firefox\u2069 على \u2068Linux\u2069")
      << "runs from right to left although it begins with a name";
  EXPECT_EQ(Spoken("en")->say(LogoutBack{.app = "عنصر"}), "Back to \u2068عنصر\u2069");
}

TEST(Language, SaysRoughlyHowLongAgo) {
  const Time now = from_millis(1'760'000'000'000);
  const Spoken english("en");
  EXPECT_EQ(english->ago(now + 5s, now), "just now");
  EXPECT_EQ(english->ago(now - 59s, now), "just now");
  EXPECT_EQ(english->ago(now - 1min, now), "1 minute ago");
  EXPECT_EQ(english->ago(now - 5min, now), "5 minutes ago");
  EXPECT_EQ(english->ago(now - 30h, now), "1 day ago");
  EXPECT_EQ(english->ago(now - 72h, now), "3 days ago");
  EXPECT_EQ(english->ago(now - 24h * 7 + 1s, now), "6 days ago");
  EXPECT_EQ(english->ago(now - 24h * 7, now), "Oct 2, 2025");
  EXPECT_EQ(english->ago(now - 24h * 30, now), "Sep 9, 2025");
  EXPECT_EQ(Spoken("de")->ago(now - 3h, now), "vor 3 Stunden");
  EXPECT_EQ(Spoken("de")->ago(now - 24h * 30, now), "9. Sept. 2025");
  EXPECT_EQ(Spoken("ar")->ago(now - 2h, now), "قبل ساعتين");
}

TEST(Language, Lists) {
  const std::array<std::string, 3> devices = {"Phone", "Tablet", "Desk"};
  EXPECT_EQ(Spoken("en")->list(devices), "Phone, Tablet, and Desk");
  EXPECT_EQ(Spoken("de")->list(devices), "Phone, Tablet und Desk");
  EXPECT_EQ(Spoken("de")->list(std::span(devices).first(1)), "Phone");
}

TEST(Language, RefusesWhatIcuCannotRead) {
  for (const char* pattern : {"{app", "{app, plural, one {x}}"}) {
    const Spoken french("fr", Sample().say(Pattern::logout_back, pattern));
    EXPECT_THROW(french->say(LogoutBack{.app = "x"}), std::invalid_argument) << pattern;
  }
}

TEST(Language, IsSpokenByManyThreadsAtOnce) {
  const Catalogue catalogue;
  const Time now = from_millis(1'760'000'000'000);
  const auto work = [&](std::int64_t number) {
    for (int i = 0; i < 300; ++i) {
      for (const auto& language : catalogue.languages()) {
        const std::string first = language->say(ErrorTooMany{.seconds = number}) +
                                  language->ago(now - number * 1min, now) +
                                  language->ago(now - 24h * 30, now);
        ASSERT_EQ(first, language->say(ErrorTooMany{.seconds = number}) +
                             language->ago(now - number * 1min, now) +
                             language->ago(now - 24h * 30, now));
        ASSERT_EQ(&catalogue.best("", language->code()), language.get());
      }
    }
  };
  std::vector<std::jthread> threads;
  for (int number = 1; number <= 4; ++number) threads.emplace_back(work, number);
}

}  // namespace
}  // namespace latchkey::texts
