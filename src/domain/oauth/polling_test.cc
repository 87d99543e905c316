#include "domain/oauth/polling.h"

#include <gtest/gtest.h>

namespace latchkey::oauth {
namespace {

using namespace std::chrono_literals;

constexpr Time kNoon{Duration{1'800'000'000'000}};

TEST(Polling, LetsADeviceAskEveryFiveSeconds) {
  Polling polling;
  EXPECT_TRUE(polling.allow("a", kNoon));
  EXPECT_TRUE(polling.allow("b", kNoon)) << "another device";
  EXPECT_TRUE(polling.allow("a", kNoon + 5s));
  EXPECT_TRUE(polling.allow("a", kNoon + 9s + 500ms)) << "clocks are not exact";
}

TEST(Polling, SlowsDownWhoAsksTooOften) {
  Polling polling;
  EXPECT_TRUE(polling.allow("a", kNoon));
  EXPECT_FALSE(polling.allow("a", kNoon + 1s));
  EXPECT_FALSE(polling.allow("a", kNoon + 6s)) << "it has to wait ten now";
  EXPECT_TRUE(polling.allow("a", kNoon + 21s)) << "and fifteen now";
  EXPECT_FALSE(polling.allow("a", kNoon + 27s)) << "for all that follows";
}

TEST(Polling, ForgetsRatherThanGrow) {
  Polling polling;
  for (std::size_t i = 0; i <= Polling::kMost; ++i) polling.allow(std::to_string(i), kNoon);
  EXPECT_TRUE(polling.allow("0", kNoon)) << "forgotten";
}

TEST(Polling, AClockSetBackHoldsNobodyUp) {
  Polling polling;
  EXPECT_TRUE(polling.allow("a", kNoon));
  EXPECT_TRUE(polling.allow("a", kNoon - 1h));
}

}  // namespace
}  // namespace latchkey::oauth
