#include "platform/telemetry/line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>

#include "platform/text/rfc3339.h"
#include "platform/text/utf8.h"

namespace latchkey::telemetry {
namespace {

// Characters that break lines, steer terminals or turn the reading direction.
bool is_control(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029 ||
         (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

// The one code point that is all of `bytes`, up to U+FFFF; beyond there is nothing to escape.
char32_t decode(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  if (bytes.size() == 1) return at(0);
  if (bytes.size() == 2) return (at(0) & 0x1fU) << 6 | (at(1) & 0x3fU);
  if (bytes.size() == 3) {
    return (at(0) & 0x0fU) << 12 | (at(1) & 0x3fU) << 6 | (at(2) & 0x3fU);
  }
  return 0xfffd;
}

// `text` with JSON's escapes for control characters, quotes (where they must be) and
// backslashes, and U+FFFD for each byte that is no UTF-8.
void append_escaped(std::string& out, std::string_view text, bool quotes) {
  while (!text.empty()) {
    const std::size_t size = text::leading_code_point(text);
    const std::string_view bytes = text.substr(0, std::max<std::size_t>(size, 1));
    text.remove_prefix(bytes.size());
    const char32_t c = size == 0 ? 0xfffd : decode(bytes);
    if (size == 0) {
      out += "\xef\xbf\xbd";
    } else if (c == '\n') {
      out += "\\n";
    } else if (is_control(c)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(c));
    } else if (c == '\\' || (c == '"' && quotes)) {
      out += '\\';
      out += bytes;
    } else {
      out += bytes;
    }
  }
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  append_escaped(out, text, true);
  return out += '"';
}

// Without quotes where a reader sees the end without them.
std::string quoted_if_needed(std::string_view text) {
  std::string out = quoted(text);
  const bool plain =
      !text.empty() && text.find_first_of(" =\"\\") == text.npos && out.size() == text.size() + 2;
  return plain ? std::string(text) : out;
}

// `show` writes texts; JSON knows no infinities.
template <class Show>
std::string show_value(const Field::Value& value, Show show) {
  return std::visit(
      [&](const auto& of) -> std::string {
        using T = std::remove_cvref_t<decltype(of)>;
        if constexpr (std::is_same_v<T, std::string_view>) {
          return show(of);
        } else if constexpr (std::is_same_v<T, double>) {
          return std::isfinite(of) ? fmt::format("{}", of) : "null";
        } else {
          return fmt::format("{}", of);
        }
      },
      value);
}

bool is_taken(std::string_view name) { return name == "time" || name == "level" || name == "msg"; }

}  // namespace

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
    case Level::off:
      break;
  }
  return "off";
}

std::string json_line(Time time, Level level, std::string_view message,
                      std::initializer_list<Field> fields) {
  std::string line = fmt::format(R"({{"time":"{}","level":"{}","msg":{})",
                                 text::format_rfc3339(time), name_of(level), quoted(message));
  for (const auto& [name, value] : fields) {
    line += ',';
    line += quoted(is_taken(name) ? std::string(name) + '_' : std::string(name));
    line += ':';
    line += show_value(value, quoted);
  }
  return line += '}';
}

std::string text_line(Time time, Level level, std::string_view message,
                      std::initializer_list<Field> fields) {
  std::string line = fmt::format("{} {:<7} ", text::format_rfc3339(time), name_of(level));
  append_escaped(line, message, false);
  for (const auto& [name, value] : fields) {
    line += ' ';
    line += quoted_if_needed(name);
    line += '=';
    line += show_value(value, quoted_if_needed);
  }
  return line;
}

}  // namespace latchkey::telemetry
