#include "domain/cluster/clock_skew.h"

#include <gtest/gtest.h>

#include "platform/db/engines_testing.h"

namespace latchkey::cluster {
namespace {

using namespace std::chrono_literals;

TEST(ClockSkew, IsJudgedByItsSizeInEitherDirection) {
  ClusterOptions options;
  options.clock_skew_warned = 1s;
  options.clock_skew_refused = 30s;
  struct Row {
    Skew skew;
    SkewVerdict verdict;
  };
  const Row rows[] = {
      {{.ahead = 0s, .uncertainty = 0s}, SkewVerdict::fine},
      {{.ahead = 1s, .uncertainty = 0s}, SkewVerdict::fine},
      {{.ahead = 1001ms, .uncertainty = 0s}, SkewVerdict::warned},
      {{.ahead = -1001ms, .uncertainty = 0s}, SkewVerdict::warned},
      {{.ahead = 30s, .uncertainty = 0s}, SkewVerdict::warned},
      {{.ahead = 31s, .uncertainty = 0s}, SkewVerdict::refused},
      {{.ahead = -31s, .uncertainty = 0s}, SkewVerdict::refused},
      // A slow answer proves nothing.
      {{.ahead = 31s, .uncertainty = 2s}, SkewVerdict::warned},
      {{.ahead = -5s, .uncertainty = 5s}, SkewVerdict::fine},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(judge_skew(row.skew, options), row.verdict) << row.skew.ahead.count();
  }
}

TEST(ClockSkew, NeverRefusedIfTheOperatorSaysSo) {
  ClusterOptions options;
  options.clock_skew_refused = std::nullopt;
  EXPECT_EQ(judge_skew({.ahead = 1h, .uncertainty = 0s}, options), SkewVerdict::warned);
}

TEST(ClockSkew, KnowsWhoseClockHasMoved) {
  EXPECT_TRUE(own_fault(0s, 60s, 60s));
  EXPECT_TRUE(own_fault(0s, -60s, -60s));
  EXPECT_TRUE(own_fault(5s, 65s, 59s)) << "it drifted besides";
  EXPECT_FALSE(own_fault(0s, 60s, 0s)) << "the database's has";
  EXPECT_FALSE(own_fault(0s, 60s, -60s));
  EXPECT_FALSE(own_fault(0s, 0s, 0s)) << "nobody's";
}

TEST(ClockSkew, IsMeasuredAgainstTheDatabase) {
  db::TestDatabase database(db::Dialect::postgresql);
  ManualClock clock(SystemClock().now());
  const Skew here = measure_skew(*database, SystemClock());
  EXPECT_LT(here.certain(), 1s);
  clock.advance(1h);
  const Skew ahead = measure_skew(*database, clock);
  EXPECT_GT(ahead.certain(), 50min);
  EXPECT_GT(ahead.ahead, 0s);
  clock.advance(-2h);
  EXPECT_LT(measure_skew(*database, clock).ahead, 0s);
}

}  // namespace
}  // namespace latchkey::cluster
