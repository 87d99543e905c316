#pragma once

#include <span>
#include <string_view>

namespace latchkey::texts {

// One file of web/texts/, as it is embedded at build time: what it says for each Text and each
// Pattern, in their order. Empty: it says nothing yet, and English stands in.
struct Translation {
  std::string_view code;  // BCP 47
  std::string_view name;  // in the language itself
  std::span<const std::string_view> texts;
  std::span<const std::string_view> patterns;
};

// English first.
std::span<const Translation> translations();

// What each Text is called in the templates, in their order.
std::span<const std::string_view> text_keys();

}  // namespace latchkey::texts
