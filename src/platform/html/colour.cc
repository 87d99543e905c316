#include "platform/html/colour.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace latchkey::html {
namespace {

// The shares by which colours are tried.
constexpr int kSteps = 255;

double linear(std::uint8_t component) {
  const double value = component / 255.0;
  return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

// WCAG 2.2, "relative luminance".
double luminance(Colour colour) {
  return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue);
}

std::uint8_t mixed(std::uint8_t from, std::uint8_t to, double share) {
  return static_cast<std::uint8_t>(std::lround(from + (to - from) * share));
}

// On the way from one to the other: none of it, 0, to all, 1.
Colour mix(Colour from, Colour to, double share) {
  return {mixed(from.red, to.red, share), mixed(from.green, to.green, share),
          mixed(from.blue, to.blue, share)};
}

// The first on the way to `to` that is good.
template <class Good>
Colour first(Colour from, Colour to, const Good& good) {
  for (int step = 0; step < kSteps; ++step) {
    const Colour tried = mix(from, to, static_cast<double>(step) / kSteps);
    if (good(tried)) return tried;
  }
  return to;
}

std::string rules(const Accent& accent) {
  return fmt::format("  --accent: {};\n  --accent-strong: {};\n  --on-accent: {};\n",
                     format_colour(accent.plain), format_colour(accent.strong),
                     format_colour(accent.on));
}

}  // namespace

std::optional<Colour> parse_colour(std::string_view text) {
  constexpr std::size_t kLength = 7;
  constexpr unsigned kLowByte = 0xff;
  if (text.size() != kLength || text.front() != '#') return std::nullopt;
  unsigned value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data() + 1, end, value, 16);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return Colour{static_cast<std::uint8_t>(value >> 16U),
                static_cast<std::uint8_t>((value >> 8U) & kLowByte),
                static_cast<std::uint8_t>(value & kLowByte)};
}

std::string format_colour(Colour colour) {
  return fmt::format("#{:02x}{:02x}{:02x}", colour.red, colour.green, colour.blue);
}

double contrast(Colour one, Colour other) {
  const auto [darker, lighter] = std::minmax({luminance(one), luminance(other)});
  return (lighter + 0.05) / (darker + 0.05);
}

double accent_contrast(Colour accent) {
  return std::min({contrast(kWhite, accent), contrast(accent, kLightGrounds.card),
                   contrast(accent, kLightGrounds.page)});
}

Colour nearest_accent(Colour colour) {
  return first(colour, kBlack, [](Colour tried) { return accent_contrast(tried) >= kReadable; });
}

Accents accents_of(Colour readable) {
  constexpr double kUnderPointer = 0.25;  // of the way to the end of the scale
  const Colour dark = first(readable, kWhite, [](Colour tried) {
    return std::min(contrast(tried, kDarkGrounds.card), contrast(tried, kDarkGrounds.page)) >=
           kReadable;
  });
  const Colour on_dark =
      first(dark, kBlack, [&](Colour tried) { return contrast(tried, dark) >= kReadable; });
  return {
      .light = {.plain = readable, .strong = mix(readable, kBlack, kUnderPointer), .on = kWhite},
      .dark = {.plain = dark, .strong = mix(dark, kWhite, kUnderPointer), .on = on_dark}};
}

std::string style_of(const Accents& accents) {
  return fmt::format(
      "\n:root {{\n{}}}\n\n@media (prefers-color-scheme: dark) {{\n:root {{\n{}}}\n}}\n",
      rules(accents.light), rules(accents.dark));
}

}  // namespace latchkey::html
