#include "platform/text/utf8.h"

#include <cstdint>

namespace latchkey::text {
namespace {

constexpr bool continues(char c) { return (static_cast<std::uint8_t>(c) & 0xc0) == 0x80; }

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
  while (!text.empty()) {
    const std::size_t size = leading_code_point(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::size_t utf8_length(std::string_view text) {
  std::size_t length = 0;
  for (const char c : text) length += continues(c) ? 0 : 1;
  return length;
}

std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  std::size_t size = max_bytes;
  while (size > 0 && continues(text[size])) --size;
  return text.substr(0, size);
}

}  // namespace latchkey::text
