#include "endpoints/pages/next.h"

#include <algorithm>

#include "endpoints/request/routes.h"
#include "platform/http/packed_query.h"

namespace latchkey::pages {
namespace {

// Of a query of kLongestQuery, shortened, which may have become a little longer.
constexpr std::size_t kLongest = kLongestQuery * 3 / 2;

// Browsers drop tabs and newlines from addresses and read a backslash as a slash.
bool harmless(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7f && c != '\\';
}

std::string_view path_of(std::string_view next) { return next.substr(0, next.find_first_of("?#")); }

}  // namespace

std::string shortened(std::string_view next) {
  const auto question = next.find('?');
  if (question == next.npos || is_shortened(next.substr(question + 1))) return std::string(next);
  return std::string(next.substr(0, question))
      .append("?continue=")
      .append(http::pack_query(next.substr(question + 1)));
}

std::string full_query(std::string_view query) {
  if (!is_shortened(query)) return std::string(query);
  const auto value = query.substr(query.find('=') + 1);
  const auto packed = value.substr(0, value.find('&'));
  auto full = http::unpack_query(packed, kLongestQuery);
  if (!full) return std::string(query);
  return full->append(value.substr(packed.size()));
}

bool local_path(std::string_view next) {
  if (next.size() > kLongest || !std::ranges::all_of(next, harmless)) return false;
  const std::string_view path = path_of(next);
  // Dots would lead to another path; percent-encoded ones too.
  return path.starts_with('/') && !path.contains("//") && !path.contains("/.") &&
         !path.contains('%');
}

std::string next_or_home(const http::Router& router, std::string_view next) {
  const bool page = local_path(next) && request::is_page(router, path_of(next));
  return std::string(page ? next : kHome);
}

}  // namespace latchkey::pages
