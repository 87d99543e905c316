#include "platform/text/rfc3339.h"

#include <fmt/format.h>

#include <chrono>

namespace latchkey::text {
namespace {

using namespace std::chrono_literals;

// Takes from the front of a text; once something did not fit, `good` stays false.
struct Reader {
  std::string_view rest;
  bool good = true;

  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const char c = take();
      if (c < '0' || c > '9') good = false;
      value = value * 10 + (c - '0');
    }
    return good ? value : 0;
  }
  void expect(char wanted) {
    if (take() != wanted) good = false;
  }
  char take() {
    if (rest.empty()) {
      good = false;
      return '\0';
    }
    const char c = rest.front();
    rest.remove_prefix(1);
    return c;
  }
};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

Duration read_fraction(Reader& reader) {
  if (!reader.rest.starts_with('.')) return 0ms;
  reader.take();
  int millis = 0;
  int weight = 100;
  do {
    millis += reader.digits(1) * weight;
    weight /= 10;
  } while (!reader.rest.empty() && reader.rest[0] >= '0' && reader.rest[0] <= '9');
  return Duration(millis);
}

Duration read_offset(Reader& reader) {
  const char sign = upper(reader.take());
  if (sign == 'Z') return 0ms;
  if (sign != '+' && sign != '-') reader.good = false;
  const int hours = reader.digits(2);
  reader.expect(':');
  const int minutes = reader.digits(2);
  if (hours > 23 || minutes > 59) reader.good = false;
  const Duration offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  return sign == '-' ? -offset : offset;
}

}  // namespace

std::optional<Time> parse_rfc3339(std::string_view text) {
  Reader reader{text};
  const std::chrono::year year(reader.digits(4));
  reader.expect('-');
  const std::chrono::month month(static_cast<unsigned>(reader.digits(2)));
  reader.expect('-');
  const std::chrono::day day(static_cast<unsigned>(reader.digits(2)));
  if (upper(reader.take()) != 'T') return std::nullopt;
  const int hour = reader.digits(2);
  reader.expect(':');
  const int minute = reader.digits(2);
  reader.expect(':');
  const int second = reader.digits(2);
  Duration within_second = read_fraction(reader);
  const Duration offset = read_offset(reader);
  const std::chrono::year_month_day date(year, month, day);
  if (!reader.good || !reader.rest.empty() || !date.ok() || hour > 23 || minute > 59 ||
      second > 60) {
    return std::nullopt;
  }
  if (second == 60) within_second = -1ms;
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second) + within_second - offset;
}

std::string format_rfc3339(Time time) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(time - days);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

}  // namespace latchkey::text
