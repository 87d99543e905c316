#include "endpoints/pages/words.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace latchkey::pages {
namespace {

const texts::Catalogue& catalogue() {
  static const texts::Catalogue all;
  return all;
}

const Language& english() { return catalogue().english(); }
const Language& german() { return catalogue().best("de", ""); }

TEST(Refusal, SaysWhatToDoAndWhen) {
  const Refused refused =
      words(english(),
            signin::LoginRefused{signin::LoginRefused::Why::too_many_failures, Duration{1500}});
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.sentence, "Too many attempts. Wait 2 seconds, then try again.");
  http::Response response;
  put_retry(response, std::span(&refused, 1));
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0].second, "2");
}

TEST(Words, SayWhatIsWrongWithAPasswordInEveryLanguage) {
  using Weak = accounts::WeakPassword;
  struct Row {
    Weak weak;
    std::string_view english;
    std::string_view german;
  };
  for (const Row& row : {Row{{Weak::Why::too_short, 8}, "at least 8", "mindestens 8"},
                         Row{{Weak::Why::too_long, 1024}, "at most 1024", "höchstens 1024"},
                         Row{{Weak::Why::not_text}, "no text", "kein Text"},
                         Row{{Weak::Why::from_names}, "your name", "deinem Namen"},
                         Row{{Weak::Why::easy}, "another word", "ein oder zwei Wörter"}}) {
    const self::Refused refused{.why = self::Refused::Why::weak_password, .weak = row.weak};
    for (const auto& [language, said] :
         {std::pair(&english(), row.english), std::pair(&german(), row.german)}) {
      const Refused told = words(*language, refused);
      EXPECT_EQ(told.status, 400);
      EXPECT_NE(told.sentence.find(said), std::string::npos) << told.sentence;
    }
  }
}

TEST(Words, SayWhyNothingWasDone) {
  using Why = self::Refused::Why;
  struct Row {
    Why why;
    int status;
    std::string_view said;
  };
  for (const Row& row :
       {Row{Why::not_fresh, 403, "password"}, Row{Why::browser_signed_out, 403, "Sign in"},
        Row{Why::no_such_device, 404, "device"}, Row{Why::wrong_password, 403, "password"},
        Row{Why::same_password, 400, "already"}, Row{Why::link_not_valid, 410, "used already"},
        Row{Why::too_many_failures, 429, "3 seconds"}, Row{Why::busy, 503, ""}}) {
    const Refused told =
        words(english(), self::Refused{.why = row.why, .retry_after = Duration{2500}});
    EXPECT_EQ(told.status, row.status) << told.sentence;
    EXPECT_NE(told.sentence.find(row.said), std::string::npos) << told.sentence;
    const bool later = row.status == 429 || row.status == 503;
    EXPECT_EQ(told.retry_after, later ? Duration{2500} : Duration{0}) << told.sentence;
  }
}

std::size_t count_parts(const html::Page& page, std::string_view name) {
  return static_cast<std::size_t>(
      std::ranges::count(page.values.parts(), name, &html::Values::Part::name));
}

TEST(Refusals, StandAtTheirFieldsAndTheFirstHasTheFocus) {
  html::Page page;
  const Refusals refusals{
      {.status = 429, .sentence = "Wait.", .retry_after = Duration{1}},
      {.status = 400, .sentence = "Differ.", .field = "repeated"},
      {.status = 400, .sentence = "Weak.", .field = "password"},
  };
  put_refusals(page, refusals, {"user", "password", "repeated"}, "user");
  EXPECT_EQ(page.status, 429);
  EXPECT_EQ(count_parts(page, "ERROR"), 1U);
  EXPECT_EQ(count_parts(page, "PASSWORD_ERROR"), 1U);
  EXPECT_EQ(count_parts(page, "REPEATED_ERROR"), 1U);
  EXPECT_EQ(count_parts(page, "PASSWORD_FOCUS"), 1U);
  EXPECT_EQ(count_parts(page, "REPEATED_FOCUS"), 0U);
  EXPECT_EQ(count_parts(page, "USER_FOCUS"), 0U);
  html::Page good;
  put_refusals(good, {}, {"user"}, "user");
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(count_parts(good, "USER_FOCUS"), 1U);
}

}  // namespace
}  // namespace latchkey::pages
