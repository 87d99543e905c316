#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

namespace latchkey::texts {

// What is put into a text for one of its parameters.
struct Argument {
  std::string_view name;  // "app", of "Back to {app}"
  std::variant<std::string_view, std::int64_t> value;
};

}  // namespace latchkey::texts
