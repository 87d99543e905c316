#include "platform/texts/catalogue.h"

#include <gtest/gtest.h>
#include <unicode/messagepattern.h>
#include <unicode/plurrule.h>
#include <unicode/strenum.h>

#include <set>
#include <string>

namespace latchkey::texts {
namespace {

const Catalogue& catalogue() {
  static const Catalogue all;
  return all;
}

icu::MessagePattern parsed(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  icu::MessagePattern pattern(icu::UnicodeString::fromUTF8(text), nullptr, status);
  EXPECT_TRUE(U_SUCCESS(status)) << text;
  return pattern;
}

// The names of its parameters, as ICU reads them.
std::set<std::string> parameters(std::string_view text) {
  const icu::MessagePattern pattern = parsed(text);
  std::set<std::string> names;
  for (int i = 0; i < pattern.countParts(); ++i) {
    const auto& part = pattern.getPart(i);
    if (part.getType() != UMSGPAT_PART_TYPE_ARG_NAME) continue;
    std::string name;
    pattern.getSubstring(part).toUTF8String(name);
    names.insert(name);
  }
  return names;
}

// The cases of its plurals: "one", "other", "=0".
std::set<std::string> cases(std::string_view text) {
  const icu::MessagePattern pattern = parsed(text);
  std::set<std::string> names;
  for (int i = 0; i < pattern.countParts(); ++i) {
    const auto& part = pattern.getPart(i);
    if (part.getType() != UMSGPAT_PART_TYPE_ARG_SELECTOR) continue;
    std::string name;
    pattern.getSubstring(part).toUTF8String(name);
    names.insert(name);
  }
  return names;
}

// In how many ways the language counts whole numbers.
std::set<std::string> ways_to_count(std::string_view code) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::PluralRules> rules(
      icu::PluralRules::forLocale(icu::Locale::forLanguageTag(std::string(code), status), status));
  std::set<std::string> ways;
  for (int number = 0; number <= 200; ++number) {
    std::string way;
    rules->select(number).toUTF8String(way);
    ways.insert(way);
  }
  return ways;
}

TEST(Catalogue, IsReadByIcuAsByTheBuild) {
  const Translation& english = translations().front();
  ASSERT_EQ(english.code, "en");
  for (const Translation& language : translations()) {
    for (const std::string_view text : language.texts) {
      EXPECT_TRUE(parameters(text).empty()) << text;
    }
    for (std::size_t i = 0; i < language.patterns.size(); ++i) {
      if (language.patterns[i].empty()) continue;
      EXPECT_FALSE(parameters(language.patterns[i]).empty()) << language.patterns[i];
      EXPECT_EQ(parameters(language.patterns[i]), parameters(english.patterns[i]))
          << language.code << ": " << language.patterns[i];
    }
  }
}

TEST(Catalogue, CountsAsEachLanguageDoes) {
  for (const Translation& language : translations()) {
    for (const std::string_view pattern : language.patterns) {
      const auto said = cases(pattern);
      if (said.empty()) continue;
      for (const std::string& way : ways_to_count(language.code)) {
        EXPECT_TRUE(said.contains(way)) << language.code << " lacks " << way << ": " << pattern;
      }
    }
  }
}

TEST(Catalogue, IsCompleteInEnglishGermanAndArabic) {
  for (const Translation& language : translations()) {
    if (language.code != "en" && language.code != "de" && language.code != "ar") continue;
    for (std::size_t i = 0; i < language.texts.size(); ++i) {
      EXPECT_FALSE(language.texts[i].empty()) << language.code << ": " << text_keys()[i];
    }
    for (const std::string_view pattern : language.patterns) EXPECT_FALSE(pattern.empty());
  }
}

TEST(Catalogue, SpeaksWhatIsLikedBest) {
  struct Row {
    const char* ui_locales;
    const char* accept;
    const char* language;
  };
  for (const Row& row :
       {Row{"", "", "en"}, Row{"", "de", "de"}, Row{"", "de-AT", "de"},
        Row{"", "DE-de,en;q=0.8", "de"}, Row{"", "en-GB, de;q=0.9", "en"},
        Row{"", "en;q=0.5, de;q=0.7", "de"}, Row{"", "qaa, de;q=0.3", "de"}, Row{"", "qaa", "en"},
        Row{"", "de;q=0, en;q=0.1", "en"}, Row{"", "de;q=0.000", "en"}, Row{"", "*", "en"},
        Row{"", "den, dev", "en"}, Row{"", ",;q=,de;", "de"}, Row{"de", "en", "de"},
        Row{"de-CH-1996 de", "en", "de"}, Row{"qaa  de", "en", "de"}, Row{"qaa", "de", "de"},
        Row{"  ", "de", "de"}, Row{"not_a/language ;", "de", "de"}}) {
    EXPECT_EQ(catalogue().best(row.ui_locales, row.accept).code(), row.language)
        << row.ui_locales << " | " << row.accept;
  }
}

TEST(Catalogue, FindsTextsByWhatTemplatesCallThem) {
  EXPECT_EQ(text_named("cancel"), Text::cancel);
  for (const std::string_view name : {"", "CANCEL", "no_such_text", "logout_back"}) {
    EXPECT_EQ(text_named(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace latchkey::texts
