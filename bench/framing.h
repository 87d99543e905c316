#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>

namespace latchkey::bench {

// The length in bytes of the first whole HTTP/1.1 message in `data`, by its Content-Length;
// absent while more is to come. Enough for both ends of the bench, which trust each other.
inline std::optional<std::size_t> first_message(std::string_view data) {
  constexpr std::string_view end_of_headers = "\r\n\r\n";
  constexpr std::string_view name = "content-length:";
  const std::size_t end = data.find(end_of_headers);
  if (end == std::string_view::npos) return std::nullopt;
  const std::size_t head = end + end_of_headers.size();
  std::size_t body = 0;
  for (std::size_t line = data.find("\r\n"); line < end; line = data.find("\r\n", line + 2)) {
    const std::string_view rest = data.substr(line + 2, end - line - 2);
    if (rest.size() <= name.size() || (rest[0] | 0x20) != 'c') continue;
    const bool same = std::equal(name.begin(), name.end(), rest.begin(),
                                 [](char a, char b) { return a == b || a == (b | 0x20); });
    if (!same) continue;
    const std::size_t digits = rest.find_first_not_of(' ', name.size());
    std::from_chars(rest.data() + digits, rest.data() + rest.size(), body);
    break;
  }
  if (data.size() < head + body) return std::nullopt;
  return head + body;
}

}  // namespace latchkey::bench
