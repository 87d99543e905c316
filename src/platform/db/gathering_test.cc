#include "platform/db/gathering.h"

#include <gtest/gtest.h>

namespace latchkey::db {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLargest = 100;

// After enough commits of that duration for the average to be near it.
Gathering after_commits(std::size_t count, std::size_t waiting, Gathering::Span took = 1ms) {
  Gathering gathering(kLargest);
  for (int i = 0; i < 50; ++i) gathering.committed(count, waiting, took);
  return gathering;
}

TEST(GatheringTest, WhoIsAloneWaitsForNobody) {
  EXPECT_EQ(Gathering(kLargest).plan(1).count, 1U) << "nothing is known yet";
  const auto plan = after_commits(1, 0).plan(1);
  EXPECT_EQ(plan.count, 1U);
  EXPECT_EQ(plan.patience, 0us);
}

TEST(GatheringTest, ThoseWhoWereAnsweredAreWaitedForAsLongAsACommitTakes) {
  const auto plan = after_commits(3, 5, 400us).plan(5);
  EXPECT_EQ(plan.count, 8U);
  EXPECT_GT(plan.patience, 350us);
  EXPECT_LE(plan.patience, 400us);
}

TEST(GatheringTest, NobodyWaitsLongWhereACommitTakesLong) {
  EXPECT_EQ(after_commits(3, 5, 1s).plan(5).patience, 500us);
}

TEST(GatheringTest, OneSlowCommitChangesLittle) {
  Gathering gathering = after_commits(3, 5, 200us);
  gathering.committed(3, 5, 600us);
  EXPECT_GE(gathering.plan(5).patience, 250us);
  EXPECT_LE(gathering.plan(5).patience, 300us);
}

TEST(GatheringTest, NothingIsWaitedForWhenAllAreThere) {
  const auto gathering = after_commits(3, 5);
  EXPECT_EQ(gathering.plan(8).count, 8U);
  EXPECT_EQ(gathering.plan(9).count, 9U);
  EXPECT_EQ(after_commits(90, 90).plan(1).count, kLargest);
}

TEST(GatheringTest, StopsForAWhileWhenTheyDoNotComeBack) {
  Gathering gathering = after_commits(3, 5);
  gathering.waited(gathering.plan(5), 5, 8);
  EXPECT_EQ(gathering.plan(5).count, 8U) << "they came";
  gathering.waited(gathering.plan(5), 5, 7);
  EXPECT_EQ(gathering.plan(5).count, 8U) << "most of them came";
  gathering.waited(gathering.plan(5), 5, 6);
  EXPECT_EQ(gathering.plan(5).count, 5U);
  int commits = 0;
  while (gathering.plan(5).count == 5 && commits < 100) {
    gathering.committed(3, 5, 1ms);
    ++commits;
  }
  EXPECT_EQ(commits, 16) << "and then it is tried again";
}

}  // namespace
}  // namespace latchkey::db
