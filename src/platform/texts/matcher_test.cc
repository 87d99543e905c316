#include "platform/texts/matcher.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace latchkey::texts {
namespace {

using Tags = std::vector<std::string_view>;

const Tags kSpoken = {"en", "de", "pt-PT", "pt-BR", "zh-Hans", "zh-Hant", "nb", "ar"};

std::string best(const Tags& wanted) {
  static const Matcher matcher(kSpoken);
  const auto found = matcher.best(wanted);
  return found ? std::string(kSpoken[*found]) : "none";
}

TEST(Matcher, KnowsWhatPeopleRead) {
  struct Row {
    Tags wanted;
    std::string best;
  };
  for (const Row& row : std::vector<Row>{{{"de"}, "de"},
                                         {{"de-AT"}, "de"},
                                         {{"DE-de"}, "de"},
                                         {{"gsw"}, "de"},
                                         {{"en-GB", "de"}, "en"},
                                         {{"de-CH", "en-US"}, "de"},
                                         {{"fr", "de"}, "de"},
                                         {{"pt-BR"}, "pt-BR"},
                                         {{"pt-PT"}, "pt-PT"},
                                         {{"pt-AO"}, "pt-PT"},
                                         {{"pt"}, "pt-BR"},
                                         {{"zh-TW"}, "zh-Hant"},
                                         {{"zh-Hant-HK"}, "zh-Hant"},
                                         {{"zh-HK"}, "zh-Hant"},
                                         {{"zh-CN"}, "zh-Hans"},
                                         {{"zh"}, "zh-Hans"},
                                         {{"no"}, "nb"},
                                         {{"nn-NO"}, "nb"},
                                         {{"ar-EG"}, "ar"},
                                         {{"fr"}, "none"},
                                         {{"den", "dev"}, "none"},
                                         {{}, "none"},
                                         {{"*"}, "none"},
                                         {{"", "-", "d", "e?", "ein langes Wort", "\xff"}, "none"},
                                         {{"klingonisch", "de"}, "de"}}) {
    EXPECT_EQ(best(row.wanted), row.best) << (row.wanted.empty() ? "" : row.wanted[0]);
  }
}

TEST(Matcher, SpeaksLanguagesAlone) {
  const Matcher matcher(Tags{"en", "no language"});
  EXPECT_THROW(matcher.best(Tags{"en"}), std::invalid_argument);
}

}  // namespace
}  // namespace latchkey::texts
