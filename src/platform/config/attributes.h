#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/config/bounds.h"

// What may follow the sentence of an option, in any order:
//   visit("format", format, "How lines look.",
//         config::Choices<Format>{{"text", Format::text}, {"json", Format::json}});
namespace latchkey::config {

// The option has no default: a file without it is refused.
struct Required {};
inline constexpr Required required;

// In an entry of a list: which other options the entry has follows from the value of this one.
struct Chooses {};
inline constexpr Chooses chooses;

// What the example file shows for an option whose default is empty.
struct Example {
  std::string_view text;
};

// The names of an enum's values.
template <class Enum>
struct Choices {
  Choices(std::initializer_list<std::pair<std::string_view, Enum>> pairs) : of(pairs) {}
  std::vector<std::pair<std::string_view, Enum>> of;
};

}  // namespace latchkey::config
