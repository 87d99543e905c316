#include "platform/text/shown.h"

#include <gtest/gtest.h>

#include <utility>

namespace latchkey::text {
namespace {

TEST(Shown, IsWhatPeopleSee) {
  const std::pair<const char*, const char*> rows[] = {
      {"Element", "Element"},
      {"My App 2.0 (beta)", "My App 2.0 (beta)"},
      {"\u05d0\u05d1\u05d2 abc", "\u05d0\u05d1\u05d2 abc"},
      {"\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
       "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"},
      {"\U0001F469\u200d\U0001F4BB \u2764\ufe0f", "\U0001F469\u200d\U0001F4BB \u2764\ufe0f"},
      {"a\u202eb\u202c", "ab"},
      {"a\u2067b\u2069c\u061c", "abc"},
      {"so\u00adft\u200b\ufeff", "soft"},
      {"line\r\nbreak\x1b[31m", "linebreak[31m"},
      {"\u0085x\u2028", "x"},
      {"tag\U000E0041\U000E007F", "tag"},
      {"", ""},
  };
  for (const auto& [text, expected] : rows) EXPECT_EQ(shown(text), expected) << text;
}

TEST(Shown, IsNothingWhereNothingIsSeen) {
  for (const char* text :
       {"\ufeff", "\u200b\u200b", "\u3164", "\u00ad", "\u2800\u2800", "\u061c", " ", "\u00a0\u3000",
        "\u200d", "\ufe0f", "\u115f\u1160", "\uffa0", "\u180e", "\u2060", "\u200e", "\t\n"}) {
    EXPECT_EQ(shown(text), "") << text;
  }
}

TEST(Shown, KnowsWhatControls) {
  for (const char* text :
       {"a\u202eb", "a\u2069", "\u061c", "\x1b[31m", "\u0085", "\u200f", "\u2028"}) {
    EXPECT_TRUE(has_controls(text)) << text;
  }
  for (const char* text : {"", "Element", "a\u200bb", "\u3164", "\u200d", "\u65e5\u672c"}) {
    EXPECT_FALSE(has_controls(text)) << text;
  }
}

TEST(Shown, OfASentenceKeepsOurIsolates) {
  EXPECT_EQ(shown_sentence("Back to \u2068App\u2069"), "Back to \u2068App\u2069");
  EXPECT_EQ(shown_sentence("\u200f\u2068a\u2069 b"), "\u200f\u2068a\u2069 b");
  EXPECT_EQ(shown_sentence("evil\u2069 \u2066"), "evil ") << "closes what it has not opened";
  EXPECT_EQ(shown_sentence("\u2067evil"), "evil");
  EXPECT_EQ(shown_sentence("\u202eevil"), "evil");
  EXPECT_EQ(shown_sentence("two\nlines"), "two\nlines");
}

TEST(Shown, LeavesOutWhatIsNoUtf8) {
  EXPECT_EQ(shown("a\xff z\xc3"), "a z");
  EXPECT_EQ(shown_sentence("a\xe2\x80 z"), "a z");
}

}  // namespace
}  // namespace latchkey::text
