#include "platform/text/duration.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace latchkey::text {
namespace {

using namespace std::chrono_literals;

TEST(Duration, ReadsAndWrites) {
  struct Row {
    std::string_view text;
    Duration span;
    std::string_view shown;
  };
  for (const auto& [text, span, shown] : std::initializer_list<Row>{
           {"5m", 5min, "5m"},
           {"90s", 90s, "1m30s"},
           {"250ms", 250ms, "250ms"},
           {"1h30m", 90min, "1h30m"},
           {"30d", 720h, "30d"},
           {"2w", 336h, "14d"},
           {"1w1d1h1m1s1ms", 193h + 1min + 1001ms, "8d1h1m1s1ms"},
           {"0s", 0ms, "0s"},
           {"0ms", 0ms, "0s"},
           {"007s", 7s, "7s"},
           {"365250d", 8766000h, "365250d"},
       }) {
    EXPECT_EQ(parse_duration(text), span) << text;
    EXPECT_EQ(format_duration(span), shown) << text;
  }
}

TEST(Duration, RefusesTheRest) {
  for (const auto* text : {"",
                           "5",
                           "m",
                           "5 m",
                           " 5m",
                           "5m ",
                           "-5m",
                           "+5m",
                           "5.5m",
                           "5M",
                           "5min",
                           "5 parsecs",
                           "5m5m",
                           "1m1h",
                           "1ms1s",
                           "5m3",
                           "365251d",
                           "365250d1ms",
                           "9223372036854775807w",
                           "9223372036854775808ms",
                           "99999999999999999999s",
                           "1e3s",
                           "never",
                           "5m\n"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Limit, IsADurationOrNever) {
  EXPECT_EQ(parse_limit("never"), std::optional<Limit>(Limit{}));
  EXPECT_EQ(parse_limit("5m"), std::optional<Limit>(Limit{5min}));
  EXPECT_EQ(parse_limit("Never"), std::nullopt);
  EXPECT_EQ(parse_limit(""), std::nullopt);
  EXPECT_EQ(format_limit(Limit{}), "never");
  EXPECT_EQ(format_limit(Limit{5min}), "5m");
}

RC_GTEST_PROP(Duration, RoundTrip, ()) {
  const Duration span(*rc::gen::inRange<std::int64_t>(0, 365'250 * std::int64_t{86'400'000} + 1));
  RC_ASSERT(parse_duration(format_duration(span)) == span);
}

}  // namespace
}  // namespace latchkey::text
