#include "platform/text/duration.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>

namespace latchkey::text {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t millis;
};

constexpr std::array<Unit, 6> kUnits = {{{"w", 604'800'000},
                                         {"d", 86'400'000},
                                         {"h", 3'600'000},
                                         {"m", 60'000},
                                         {"s", 1'000},
                                         {"ms", 1}}};
constexpr std::int64_t kGreatest = std::int64_t{365'250} * 86'400'000;

// The index of the unit that is all letters `text` begins with, or kUnits.size().
std::size_t leading_unit(std::string_view text) {
  const std::string_view letters = text.substr(0, text.find_first_of("0123456789"));
  std::size_t i = 0;
  while (i < kUnits.size() && kUnits[i].name != letters) ++i;
  return i;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t sum = 0;
  std::size_t smallest = 0;  // index of the greatest unit that may still come
  while (!text.empty()) {
    if (text[0] < '0' || text[0] > '9') return std::nullopt;
    std::int64_t count = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (fault != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::size_t unit = leading_unit(text);
    if (unit == kUnits.size() || unit < smallest) return std::nullopt;
    text.remove_prefix(kUnits[unit].name.size());
    smallest = unit + 1;
    if (count > (kGreatest - sum) / kUnits[unit].millis) return std::nullopt;
    sum += count * kUnits[unit].millis;
  }
  return Duration(sum);
}

std::string format_duration(Duration span) {
  std::string text;
  std::int64_t rest = span.count();
  for (std::size_t i = 1; i < kUnits.size(); ++i) {  // a month reads better in days than weeks
    if (const auto count = rest / kUnits[i].millis; count > 0) {
      text.append(std::to_string(count)).append(kUnits[i].name);
      rest %= kUnits[i].millis;
    }
  }
  return text.empty() ? "0s" : text;
}

std::optional<Limit> parse_limit(std::string_view text) {
  if (text == "never") return Limit{};
  const Limit limit = parse_duration(text);
  return limit ? std::optional<Limit>(limit) : std::nullopt;
}

std::string format_limit(Limit limit) { return limit ? format_duration(*limit) : "never"; }

}  // namespace latchkey::text
