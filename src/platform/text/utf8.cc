#include "platform/text/utf8.h"

#include <algorithm>
#include <cstdint>

namespace latchkey::text {
namespace {

constexpr bool is_ascii(char c) { return static_cast<std::uint8_t>(c) < 0x80; }
// Most texts begin and end with such a character, and nothing is cut off there.
constexpr bool is_visible_ascii(char c) { return c > ' ' && c < '\x7f'; }
constexpr bool continues(char c) { return (static_cast<std::uint8_t>(c) & 0xc0) == 0x80; }

// White_Space of Unicode, zero width spaces and joiners, direction marks, the byte order mark. One
// whole code point each, so the end of valid UTF-8 can be compared as its beginning.
constexpr std::string_view kBlank[] = {
    " ",      "\t",     "\n",     "\v",     "\f",     "\r",     "\u0085", "\u00a0", "\u1680",
    "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
    "\u2009", "\u200a", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2028", "\u2029",
    "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u202f", "\u205f", "\u2060", "\u2066",
    "\u2067", "\u2068", "\u2069", "\u3000", "\ufeff"};

}  // namespace

// The table of RFC 3629, section 4; only the second byte has bounds of its own.
std::size_t leading_code_point(std::string_view text) {
  if (text.empty()) return 0;
  const auto first = static_cast<std::uint8_t>(text[0]);
  if (first < 0x80) return 1;
  std::size_t size = 0;
  std::uint8_t lo = 0x80;
  std::uint8_t hi = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    size = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    size = 3;
    if (first == 0xe0) lo = 0xa0;
    if (first == 0xed) hi = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    size = 4;
    if (first == 0xf0) lo = 0x90;
    if (first == 0xf4) hi = 0x8f;
  }
  if (size == 0 || text.size() < size) return 0;
  const auto second = static_cast<std::uint8_t>(text[1]);
  if (second < lo || second > hi) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if (!continues(text[i])) return 0;
  }
  return size;
}

bool valid_utf8(std::string_view text) {
  for (;;) {
    // Most texts are ASCII alone.
    const auto other = std::ranges::find_if(text, [](char c) { return !is_ascii(c); });
    text.remove_prefix(static_cast<std::size_t>(other - text.begin()));
    if (text.empty()) return true;
    const std::size_t size = leading_code_point(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
}

std::size_t utf8_length(std::string_view text) {
  std::size_t length = 0;
  for (const char c : text) length += continues(c) ? 0 : 1;
  return length;
}

std::string_view trimmed(std::string_view text) {
  const auto* blank = std::begin(kBlank);
  const auto begins = [&text](std::string_view one) { return text.starts_with(one); };
  const auto ends = [&text](std::string_view one) { return text.ends_with(one); };
  while (!text.empty() && !is_visible_ascii(text.front()) &&
         (blank = std::ranges::find_if(kBlank, begins)) != std::end(kBlank)) {
    text.remove_prefix(blank->size());
  }
  while (!text.empty() && !is_visible_ascii(text.back()) &&
         (blank = std::ranges::find_if(kBlank, ends)) != std::end(kBlank)) {
    text.remove_suffix(blank->size());
  }
  return text;
}

std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  std::size_t size = max_bytes;
  while (size > 0 && continues(text[size])) --size;
  return text.substr(0, size);
}

}  // namespace latchkey::text
