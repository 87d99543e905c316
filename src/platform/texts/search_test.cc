#include "platform/texts/search.h"

#include <gtest/gtest.h>

#include <vector>

namespace latchkey::texts {
namespace {

const std::vector<std::string> kTexts = {"Alice’s Telephone", "Element on Android", "192.0.2.7",
                                         "QJXWNKLZ", "Straße ΣΊΣΥΦΟΣ"};

TEST(Search, FindsPartsOfWordsHoweverTheyAreCapitalised) {
  for (const char* query : {"telephone", "TELE", "qjx", "192.0", "android", "STRASSE", "σίσυφος"}) {
    EXPECT_TRUE(has_words(query, kTexts)) << query;
  }
  for (const char* query : {"tablet", "192.0.3", "aliceelement", "-"}) {
    EXPECT_FALSE(has_words(query, kTexts)) << query;
  }
}

TEST(Search, WantsEveryWordSomewhere) {
  EXPECT_TRUE(has_words("android tele", kTexts));
  EXPECT_TRUE(has_words("  192\t\xE2\x80\x83tele ", kTexts)) << "any white space";
  EXPECT_FALSE(has_words("android tablet", kTexts));
}

TEST(Search, WithoutAWordFindsAll) {
  EXPECT_TRUE(has_words("", kTexts));
  EXPECT_TRUE(has_words("  ", kTexts));
  EXPECT_TRUE(has_words("", {}));
  EXPECT_FALSE(has_words("a", {}));
}

TEST(Search, TakesTextsThatAreNoUnicode) {
  EXPECT_TRUE(has_words("tele", std::vector<std::string>{"\xFFTelephone"}));
  EXPECT_FALSE(has_words("\xC3(", kTexts));
}

}  // namespace
}  // namespace latchkey::texts
