#include "endpoints/pages/next.h"

#include <algorithm>

namespace latchkey::pages {
namespace {

// Beyond what an authorization request needs.
constexpr std::size_t kLongest = 8192;

// Browsers drop tabs and newlines from addresses and read a backslash as a slash.
bool harmless(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7f && c != '\\';
}

}  // namespace

bool local_path(std::string_view next) {
  if (next.size() > kLongest || !std::ranges::all_of(next, harmless)) return false;
  const std::string_view path = next.substr(0, next.find_first_of("?#"));
  // Dots would lead out of the two folders again; percent-encoded ones too.
  if (path.contains("//") || path.contains("/.") || path.contains('%')) return false;
  return path.starts_with("/account/") || path.starts_with("/oauth2/") || path == "/account" ||
         path == "/link";
}

std::string next_or_home(std::string_view next) {
  return std::string(local_path(next) ? next : kHome);
}

}  // namespace latchkey::pages
