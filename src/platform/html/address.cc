#include "platform/html/address.h"

#include <algorithm>
#include <string>

namespace latchkey::html {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// com.example.app:/callback
bool is_of_an_app(std::string_view address) {
  const std::string_view scheme = address.substr(0, address.find(':'));
  return scheme.size() < address.size() && scheme.contains('.') &&
         is_letter_or_digit(scheme.front()) &&
         std::ranges::all_of(
             scheme,
             [](char c) { return is_letter_or_digit(c) || c == '.' || c == '-' || c == '+'; });
}

}  // namespace

Values& set_address(Values& values, std::string_view name, std::string_view address) {
  return is_of_an_app(address) ? values.set(std::string(name) + "_APP", address)
                               : values.set(name, address);
}

}  // namespace latchkey::html
