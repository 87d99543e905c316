#include "platform/http/message.h"

#include <algorithm>

#include "platform/http/field.h"

namespace latchkey::http {

std::string_view Request::header(std::string_view name) const {
  for (const Header& header : headers) {
    if (same_name(header.name, name)) return header.value;
  }
  return {};
}

std::size_t Request::header_count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      headers, [name](const Header& header) { return same_name(header.name, name); }));
}

void Response::reset() {
  status = 200;
  content_type = "application/json";
  body.clear();
  headers.clear();
}

}  // namespace latchkey::http
