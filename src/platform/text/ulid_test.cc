#include "platform/text/ulid.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace latchkey::text {
namespace {

TEST(Id, KnownTexts) {
  EXPECT_EQ(format_id(0), "0000000000000");
  EXPECT_EQ(format_id(31), "000000000000Z");
  EXPECT_EQ(format_id(32), "0000000000010");
  EXPECT_EQ(format_id(std::numeric_limits<std::uint64_t>::max()), "FZZZZZZZZZZZZ");
}

TEST(Id, ReadsWhatPeopleType) {
  EXPECT_EQ(parse_id("00000000000zz"), 1023U);
  EXPECT_EQ(parse_id("oO000000000iI"), 33U);
  EXPECT_EQ(parse_id("00000000000lL"), 33U);
  EXPECT_EQ(parse_id("fzzzzzzzzzzzz"), std::numeric_limits<std::uint64_t>::max());
}

TEST(Id, RefusesWhatIsNone) {
  for (const auto* text :
       {"", "0", "000000000000", "00000000000000", "G000000000000", "ZZZZZZZZZZZZZ",
        "000000000000U", "000000000000u", "00000-0000000", " 000000000000", "000000000000\xc3"}) {
    EXPECT_EQ(parse_id(text), std::nullopt) << text;
  }
}

RC_GTEST_PROP(Id, RoundTripAndOrder, (std::uint64_t a, std::uint64_t b)) {
  RC_ASSERT(parse_id(format_id(a)) == a);
  RC_ASSERT((a < b) == (format_id(a) < format_id(b)));
}

}  // namespace
}  // namespace latchkey::text
