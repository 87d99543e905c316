#include "platform/text/rfc3339.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace latchkey::text {
namespace {

TEST(Rfc3339, Reads) {
  struct Row {
    std::string_view text;
    std::int64_t millis;
  };
  for (const auto& [text, millis] : std::initializer_list<Row>{
           {"1970-01-01T00:00:00Z", 0},
           {"1970-01-01T00:00:00.001Z", 1},
           {"1970-01-01T00:00:00.5Z", 500},
           {"1970-01-01T00:00:00.0019999Z", 1},
           {"1970-01-01t00:00:01z", 1000},
           {"1970-01-01T01:00:00+01:00", 0},
           {"1969-12-31T22:30:00-01:30", 0},
           {"1970-01-01T00:00:00-00:00", 0},
           {"2024-02-29T12:34:56.789Z", 1709210096789},
           {"2016-12-31T23:59:60Z", 1483228799999},
           {"2016-12-31T23:59:60.7Z", 1483228799999},
           {"0000-01-01T00:00:00Z", -62167219200000},
           {"9999-12-31T23:59:59.999Z", 253402300799999},
       }) {
    EXPECT_EQ(parse_rfc3339(text), from_millis(millis)) << text;
  }
}

TEST(Rfc3339, RefusesTheRest) {
  for (const auto* text : {"",
                           "2024-01-01",
                           "2024-01-01T00:00:00",
                           "2024-01-01 00:00:00Z",
                           "2024-1-01T00:00:00Z",
                           "2023-02-29T00:00:00Z",
                           "2024-13-01T00:00:00Z",
                           "2024-00-01T00:00:00Z",
                           "2024-01-00T00:00:00Z",
                           "2024-01-32T00:00:00Z",
                           "2024-01-01T24:00:00Z",
                           "2024-01-01T00:60:00Z",
                           "2024-01-01T00:00:61Z",
                           "2024-01-01T00:00:00.Z",
                           "2024-01-01T00:00:00+1:00",
                           "2024-01-01T00:00:00+24:00",
                           "2024-01-01T00:00:00+01:60",
                           "2024-01-01T00:00:00+0100",
                           "2024-01-01T00:00:00Zx",
                           "2024-01-01T00:00:00ZZ",
                           "-024-01-01T00:00:00Z",
                           "2024-01-01T00:00Z",
                           "2024-01-01T00:00:00,5Z"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
}

TEST(Rfc3339, Writes) {
  EXPECT_EQ(format_rfc3339(from_millis(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_rfc3339(from_millis(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_rfc3339(from_millis(1709210096789)), "2024-02-29T12:34:56.789Z");
}

RC_GTEST_PROP(Rfc3339, RoundTrip, ()) {
  const Time time =
      from_millis(*rc::gen::inRange<std::int64_t>(-62'167'219'200'000, 253'402'300'800'000));
  RC_ASSERT(parse_rfc3339(format_rfc3339(time)) == time);
}

}  // namespace
}  // namespace latchkey::text
