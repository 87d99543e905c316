#include "platform/html/address.h"

#include <algorithm>
#include <string>

namespace latchkey::html {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// com.example.app
bool is_scheme_of_an_app(std::string_view scheme) {
  return scheme.contains('.') && is_letter_or_digit(scheme.front()) &&
         std::ranges::all_of(scheme, [](char c) {
           return is_letter_or_digit(c) || c == '.' || c == '-' || c == '+';
         });
}

}  // namespace

Values& set_address(Values& values, std::string_view name, std::string_view address) {
  const std::size_t colon = address.find(':');
  if (colon == std::string_view::npos || !is_scheme_of_an_app(address.substr(0, colon))) {
    return values.set(name, address);
  }
  values.add(std::string(name) + "_APP")
      .set("SCHEME", address.substr(0, colon))
      .set("REST", address.substr(colon + 1));
  return values;
}

}  // namespace latchkey::html
