#include "platform/html/colour.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace latchkey::html {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Colour kOrange{0xf5, 0xa6, 0x23};

// Colours of every hue and brightness.
std::vector<Colour> many() {
  std::vector<Colour> all;
  for (int red = 0; red < 256; red += 25) {
    for (int green = 0; green < 256; green += 25) {
      for (int blue = 0; blue < 256; blue += 25) {
        all.push_back({static_cast<std::uint8_t>(red), static_cast<std::uint8_t>(green),
                       static_cast<std::uint8_t>(blue)});
      }
    }
  }
  return all;
}

TEST(Colour, IsSixHexadecimalDigits) {
  EXPECT_EQ(parse_colour("#f5a623"), kOrange);
  EXPECT_EQ(parse_colour("#F5A623"), kOrange);
  EXPECT_EQ(format_colour(kOrange), "#f5a623");
  EXPECT_EQ(format_colour({0, 1, 0x0a}), "#00010a");
  for (const char* no : {"", "#", "f5a623", "#f5a62", "#f5a6233", "#f5a62g", "#+5a623", "#-5a623",
                         "# 5a623", "#0x1234", "orange", "##5a623"}) {
    EXPECT_EQ(parse_colour(no), std::nullopt) << no;
  }
}

// The values that WCAG's own examples and checkers give.
TEST(Contrast, IsThatOfWcag) {
  EXPECT_DOUBLE_EQ(contrast(kWhite, kBlack), 21);
  EXPECT_DOUBLE_EQ(contrast(kBlack, kWhite), 21);
  EXPECT_DOUBLE_EQ(contrast(kOrange, kOrange), 1);
  EXPECT_NEAR(contrast({0x76, 0x76, 0x76}, kWhite), 4.54, 0.005);
  EXPECT_NEAR(contrast({0x77, 0x77, 0x77}, kWhite), 4.48, 0.005);
  EXPECT_NEAR(contrast({0xff, 0, 0}, kWhite), 4.00, 0.005);
}

// The page is a little darker than the card: a link below the card would not be read.
TEST(Contrast, OfAnAccentIsTheLeastOfAll) {
  constexpr Colour kGrey{0x76, 0x76, 0x76};
  EXPECT_GE(contrast(kGrey, kWhite), kReadable);
  EXPECT_LT(accent_contrast(kGrey), kReadable);
  EXPECT_DOUBLE_EQ(accent_contrast(kGrey), contrast(kGrey, kLightGrounds.page));
}

TEST(Accent, ThatCannotBeReadIsNearOneThatCan) {
  EXPECT_EQ(nearest_accent({0x14, 0x66, 0x4a}), (Colour{0x14, 0x66, 0x4a})) << "it is readable";
  for (const Colour colour : many()) {
    const Colour near = nearest_accent(colour);
    EXPECT_GE(accent_contrast(near), kReadable) << format_colour(colour);
    if (near == colour) continue;
    EXPECT_LT(accent_contrast(near), kReadable + 0.25) << format_colour(colour) << " is too dark";
    // Of the same hue: what is most in one is most in the other.
    EXPECT_EQ(colour.red < colour.blue, near.red < near.blue) << format_colour(colour);
    EXPECT_EQ(colour.red < colour.green, near.red < near.green) << format_colour(colour);
  }
}

TEST(Accent, IsReadInLightAndInDark) {
  for (const Colour colour : many()) {
    const Accents accents = accents_of(nearest_accent(colour));
    EXPECT_EQ(accents.light.plain, nearest_accent(colour));
    for (const auto& [accent, grounds] :
         {std::pair{accents.light, kLightGrounds}, std::pair{accents.dark, kDarkGrounds}}) {
      for (const Colour shown : {accent.plain, accent.strong}) {
        EXPECT_GE(contrast(shown, grounds.card), kReadable) << format_colour(colour);
        EXPECT_GE(contrast(shown, grounds.page), kReadable) << format_colour(colour);
        EXPECT_GE(contrast(accent.on, shown), kReadable) << format_colour(colour);
      }
    }
  }
}

TEST(Accent, IsSetInBothPalettes) {
  const Accents accents = accents_of({0x14, 0x66, 0x4a});
  const std::string style = style_of(accents);
  const auto dark = style.find("@media (prefers-color-scheme: dark)");
  ASSERT_NE(dark, std::string::npos);
  EXPECT_THAT(style.substr(0, dark), HasSubstr("--accent: #14664a;"));
  EXPECT_THAT(style.substr(0, dark), HasSubstr("--on-accent: #ffffff;"));
  EXPECT_THAT(style.substr(dark), HasSubstr("--accent: " + format_colour(accents.dark.plain)));
  EXPECT_EQ(std::ranges::count(style, '{'), std::ranges::count(style, '}'));
  EXPECT_THAT(style, Not(HasSubstr("{{"))) << "a marker of templates";
}

}  // namespace
}  // namespace latchkey::html
