#include "platform/html/address.h"

#include <algorithm>
#include <string>

#include "platform/http/field.h"

namespace latchkey::html {
namespace {

// com.example.app
bool is_scheme_of_an_app(std::string_view scheme) {
  return is_scheme(scheme) && scheme.contains('.') && http::is_alphanumeric(scheme.front());
}

}  // namespace

bool is_scheme(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return http::is_alphanumeric(c) || c == '.' || c == '-' || c == '+';
  });
}

Values& set_address(Values& values, std::string_view name, std::string_view address) {
  const std::size_t colon = address.find(':');
  if (colon == std::string_view::npos || !is_scheme_of_an_app(address.substr(0, colon))) {
    return values.set_sent(name, address);
  }
  values.add(std::string(name) + "_APP")
      .set("SCHEME", address.substr(0, colon))
      .set_sent("REST", address.substr(colon + 1));
  return values;
}

}  // namespace latchkey::html
