#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The operator's colour on the pages, in light and in dark: what can be read on it, and what it can
// be read on.
namespace latchkey::html {

// An sRGB colour.
struct Colour {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;

  friend bool operator==(const Colour&, const Colour&) = default;
};
inline constexpr Colour kWhite{255, 255, 255};
inline constexpr Colour kBlack{0, 0, 0};

// "#14664a", in capitals too. Absent: it is no such colour.
std::optional<Colour> parse_colour(std::string_view text);
std::string format_colour(Colour colour);

// How well one is read on the other: 1 (not at all) to 21 (WCAG 2.2, "contrast ratio").
double contrast(Colour one, Colour other);
// Of text, the least that may be (WCAG 2.2 section 1.4.3).
inline constexpr double kReadable = 4.5;

// What style.css paints behind texts and links.
struct Grounds {
  Colour page;  // --ground
  Colour card;  // --card
};
inline constexpr Grounds kLightGrounds{{0xf3, 0xf4, 0xf1}, {0xff, 0xff, 0xff}};
inline constexpr Grounds kDarkGrounds{{0x13, 0x16, 0x13}, {0x1d, 0x21, 0x1d}};

// The least contrast that the colour has as the accent of the light pages: of the white text on its
// buttons, and of its links on the page.
double accent_contrast(Colour accent);

// The colour itself if it is readable, else the nearest darker one of its hue.
Colour nearest_accent(Colour colour);

// The accent as the stylesheet has it.
struct Accent {
  Colour plain;   // --accent: of buttons and links
  Colour strong;  // --accent-strong: where the pointer is
  Colour on;      // --on-accent: of the text on both
};
struct Accents {
  Accent light;
  Accent dark;
};
// For a readable colour. Dark pages have a lighter one of its hue, as no colour can be read on them
// and have white text be read on it.
Accents accents_of(Colour readable);

// The rules that set them, for the end of style.css.
std::string style_of(const Accents& accents);

}  // namespace latchkey::html
