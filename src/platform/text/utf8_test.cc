#include "platform/text/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace latchkey::text {
namespace {

using namespace std::string_literals;

TEST(Utf8, Valid) {
  for (const auto& text : {""s, "plain"s, "\0"s, "\x7f"s, "\xc2\x80"s, "\xdf\xbf"s, "\xe0\xa0\x80"s,
                           "\xed\x9f\xbf"s, "\xee\x80\x80"s, "\xef\xbf\xbf"s, "\xf0\x90\x80\x80"s,
                           "\xf4\x8f\xbf\xbf"s, "a\xc3\xa4z"s}) {
    EXPECT_TRUE(valid_utf8(text)) << text;
  }
}

TEST(Utf8, Invalid) {
  for (const auto& text : {"\x80"s, "\xbf"s,
                           "\xc0\x80"s,          // overlong U+0000
                           "\xc1\xbf"s,          // overlong
                           "\xe0\x9f\xbf"s,      // overlong
                           "\xed\xa0\x80"s,      // surrogate
                           "\xf0\x8f\xbf\xbf"s,  // overlong
                           "\xf4\x90\x80\x80"s,  // past U+10FFFF
                           "\xf5\x80\x80\x80"s, "\xff"s,
                           "\xc3"s,  // cut off
                           "\xe2\x82"s, "\xf0\x9f\x98"s, "\xc3("s, "\xe2\x82("s, "\xf0\x9f\x98("s,
                           "ok\xc3\xa4\xa4"s}) {
    EXPECT_FALSE(valid_utf8(text)) << text;
  }
}

TEST(Utf8, LeadingCodePoint) {
  EXPECT_EQ(leading_code_point(""), 0U);
  EXPECT_EQ(leading_code_point("ab"), 1U);
  EXPECT_EQ(leading_code_point("\xc3\xa4x"), 2U);
  EXPECT_EQ(leading_code_point("\xe2\x82\xacx"), 3U);
  EXPECT_EQ(leading_code_point("\xf0\x9f\x98\x80x"), 4U);
  EXPECT_EQ(leading_code_point("\xa4x"), 0U);
}

TEST(Utf8, Length) {
  EXPECT_EQ(utf8_length(""), 0U);
  EXPECT_EQ(utf8_length("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), 4U);
}

TEST(Utf8, TruncatesBetweenCodePoints) {
  const std::string text = "a\xc3\xa4\xf0\x9f\x98\x80";  // 1 + 2 + 4 bytes
  const std::size_t expected[] = {0, 1, 1, 3, 3, 3, 3, 7, 7};
  for (std::size_t max = 0; max < std::size(expected); ++max) {
    EXPECT_EQ(truncate_utf8(text, max), text.substr(0, expected[max])) << max;
  }
}

TEST(Utf8, TrimsWhatKeyboardsPutAroundAText) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"", ""},
      {" ", ""},
      {"alice", "alice"},
      {" alice\r\n", "alice"},
      {"\u00a0\t alice \u2009", "alice"},  // iOS, Android
      {"\u202a+49 170\u202c", "+49 170"},  // contacts
      {"\ufeffalice\u200b", "alice"},
      {"\u3000alice\u3000", "alice"},
      {"al ice", "al ice"},
      {"\u00e4 \u2020", "\u00e4 \u2020"},  // bytes of a blank, but another character
      {"\xff ", "\xff"},
  };
  for (const auto& [text, expected] : rows) EXPECT_EQ(trimmed(text), expected) << text;
}

}  // namespace
}  // namespace latchkey::text
