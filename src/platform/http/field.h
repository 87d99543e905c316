#pragma once

#include <cstddef>
#include <string_view>

#include "platform/text/character_set.h"

// The small grammar that header fields share (RFC 9110 section 5.6).
namespace latchkey::http {

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// tchar of RFC 9110 section 5.6.2.
inline constexpr text::CharacterSet kTokenChars{
    [](char c) { return is_alphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").contains(c); }};
constexpr bool is_token_char(char c) { return kTokenChars.contains(c); }

// Control characters that a field value must not hold; the tab is allowed.
constexpr bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

// Whether two names of fields, schemes or codings are the same: without regard to ASCII case.
constexpr bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  // Most are spelled alike, or differ in more than the one bit between the cases of a letter.
  unsigned differing = 0;
  for (std::size_t i = 0; i < a.size(); ++i) differing |= static_cast<unsigned char>(a[i] ^ b[i]);
  if (differing == 0) return true;
  if ((differing & ~0x20U) != 0) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

// Without the optional white space (OWS: spaces and tabs) at both ends.
constexpr std::string_view trim(std::string_view text) {
  constexpr std::string_view blank = " \t";
  const auto first = text.find_first_not_of(blank);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

}  // namespace latchkey::http
