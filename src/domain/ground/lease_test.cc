#include "domain/ground/lease.h"

#include <gtest/gtest.h>

#include "domain/ground/batches.h"
#include "domain/schema/schema.h"
#include "platform/db/engines_testing.h"
#include "platform/db/migration.h"

namespace latchkey {
namespace {

using namespace std::chrono_literals;

class LeaseTest : public ::testing::TestWithParam<db::Dialect> {
 protected:
  LeaseTest() { db::migrate(*database_, schema::migrations()); }

  static constexpr Lease::Times kTimes{.renewed = 3s, .believed = 10s, .lasts = 15s};
  static constexpr Lease::Clock::time_point kStart{1h};

  db::TestDatabase database_{GetParam()};
  Lease here_{*database_, "work", false, kTimes};
  Lease there_{*database_, "work", false, kTimes};
};

INSTANTIATE_TEST_SUITE_P(Engines, LeaseTest, db::engines(), db::engine_name);

TEST_P(LeaseTest, IsOfOneNodeAtATime) {
  EXPECT_FALSE(here_.held(kStart));
  here_.keep(kStart);
  there_.keep(kStart);
  EXPECT_TRUE(here_.held(kStart));
  EXPECT_FALSE(there_.held(kStart));
  for (auto now = kStart; now < kStart + 5min; now += kTimes.renewed) {
    here_.keep(now);
    there_.keep(now);
    EXPECT_TRUE(here_.held(now));
    EXPECT_FALSE(there_.held(now));
  }
}

TEST_P(LeaseTest, OfADeadNodeIsTakenOverWhenItHasStoodStillForSoLong) {
  here_.keep(kStart);
  there_.keep(kStart + 1s);
  there_.keep(kStart + 1s + kTimes.lasts - 1ms);
  EXPECT_FALSE(there_.held(kStart + 16s));
  there_.keep(kStart + 1s + kTimes.lasts);
  EXPECT_TRUE(there_.held(kStart + 16s));
}

// One that was stopped, or cut off from the database, and comes back.
TEST_P(LeaseTest, IsNotBelievedInForAsLongAsOthersWait) {
  here_.keep(kStart);
  EXPECT_TRUE(here_.held(kStart + kTimes.believed - 1ms));
  EXPECT_FALSE(here_.held(kStart + kTimes.believed));
  here_.keep(kStart + 12s);
  EXPECT_TRUE(here_.held(kStart + 12s)) << "nobody has taken it in the meantime";
  there_.keep(kStart + 13s);
  there_.keep(kStart + 28s);
  EXPECT_TRUE(there_.held(kStart + 28s));
  here_.keep(kStart + 29s);
  EXPECT_FALSE(here_.held(kStart + 29s)) << "somebody has";
  there_.keep(kStart + 30s);
  here_.keep(kStart + 31s);
  EXPECT_TRUE(there_.held(kStart + 31s));
  EXPECT_FALSE(here_.held(kStart + 31s));
}

TEST_P(LeaseTest, IsTheNextNodesAtOnceWhenItIsGivenUp) {
  here_.keep(kStart);
  there_.give_up();
  there_.keep(kStart);
  EXPECT_FALSE(there_.held(kStart)) << "it was not that node's to give up";
  here_.give_up();
  EXPECT_FALSE(here_.held(kStart));
  there_.keep(kStart + 1ms);
  EXPECT_TRUE(there_.held(kStart + 1ms));
}

TEST_P(LeaseTest, HasNothingToDoWithOneOfAnotherName) {
  Lease other(*database_, "other work", false, kTimes);
  here_.keep(kStart);
  other.keep(kStart);
  EXPECT_TRUE(here_.held(kStart));
  EXPECT_TRUE(other.held(kStart));
}

TEST_P(LeaseTest, OfANodeThatIsAloneTakesNoRow) {
  Lease alone(*database_, "work", true, kTimes);
  EXPECT_TRUE(alone.held(kStart));
  alone.keep(kStart);
  alone.give_up();
  EXPECT_TRUE(alone.held(kStart));
  EXPECT_FALSE(database_->read_now(
      [](db::Tx& tx) { return tx.one<int>("SELECT 1 FROM leases").has_value(); }));
}

TEST(Batches, AreRunUntilNothingIsLeftOrItIsNoMoreThisNodesToDo) {
  db::TestDatabase database(db::Dialect::sqlite);
  std::int64_t left = 2 * Batches::kSize + 1;
  int times = 0;
  const auto remove = [&](db::Tx&, std::int64_t limit) {
    const std::int64_t removed = std::min(left, limit);
    left -= removed;
    ++times;
    return removed;
  };
  const Batches all;
  all.run(*database, remove);
  EXPECT_EQ(left, 0);
  EXPECT_EQ(times, 3);
  EXPECT_EQ(all.removed(), 2 * Batches::kSize + 1);

  left = 3 * Batches::kSize;
  times = 0;
  const Batches some([&] { return times < 2; });
  some.run(*database, remove);
  EXPECT_EQ(left, Batches::kSize);
}

}  // namespace
}  // namespace latchkey
