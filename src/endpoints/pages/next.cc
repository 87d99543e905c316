#include "endpoints/pages/next.h"

#include <algorithm>

#include "endpoints/request/routes.h"

namespace latchkey::pages {
namespace {

// Beyond what an authorization request needs.
constexpr std::size_t kLongest = 8192;

// Browsers drop tabs and newlines from addresses and read a backslash as a slash.
bool harmless(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7f && c != '\\';
}

std::string_view path_of(std::string_view next) { return next.substr(0, next.find_first_of("?#")); }

}  // namespace

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
