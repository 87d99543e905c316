#include "platform/db/postgres_queue.h"

#include <gtest/gtest.h>

namespace latchkey::db {
namespace {

using namespace std::chrono_literals;
using Clock = PostgresQueue::Clock;

constexpr Duration kPatience = 1min;

void nothing(Tx&) {}

PostgresItem item() {
  static auto job = [](Tx& tx) { nothing(tx); };
  return {Operation(Job(job), [](const std::exception_ptr&) {}), true};
}

TEST(PostgresQueueTest, WhatIsPutBackMayWaitAsLongAsAnythingElse) {
  PostgresQueue queue(10, kPatience);
  queue.push(item());
  auto taken = queue.take(Clock::now(), 0ms);
  ASSERT_FALSE(taken.items.empty());
  // It has waited, and was then at work for a while.
  taken.items.front().deadline = Clock::now() - 1h;
  const auto before = Clock::now();
  queue.put_back(std::move(taken.items.front()));
  EXPECT_TRUE(queue.take(before, 0ms).items.empty()) << "only for a connection made since";
  const auto again = queue.take(Clock::now() + 1s, 0ms);
  ASSERT_FALSE(again.items.empty());
  EXPECT_GE(again.items.front().deadline, before + kPatience);
}

PostgresItem single(bool write) {
  static OneStatement statement{.sql = "SELECT 1", .args = {}};
  return {Operation(statement, [](const std::exception_ptr&) {}), write};
}

TEST(PostgresQueueTest, SingleStatementsThatWaitAreTakenTogether) {
  PostgresQueue queue(100, kPatience);
  for (int i = 0; i < 5; ++i) {
    queue.push(single(true));
    queue.push(single(false));
    queue.push(item());
  }
  const auto now = Clock::now();
  const auto writes = queue.take(now, 0ms);
  EXPECT_EQ(writes.items.size(), 5U);
  EXPECT_EQ(queue.take(now, 0ms).items.size(), 5U) << "the reads";
  EXPECT_EQ(queue.take(now, 0ms).items.size(), 1U) << "whole transactions go alone";
}

TEST(PostgresQueueTest, SingleStatementsGatherWhileSomeAreAtWork) {
  PostgresQueue queue(100, kPatience);
  const auto now = Clock::now();
  queue.push(single(true));
  const auto first = queue.take(now, 0ms);
  queue.push(single(true));
  const auto second = queue.take(now, 0ms);
  for (int i = 0; i < 3; ++i) queue.push(single(true));
  EXPECT_TRUE(queue.take(now, 0ms).items.empty()) << "two connections are at it";
  queue.push(item());
  EXPECT_EQ(queue.take(now, 0ms).items.size(), 1U) << "others need not wait for that";
  queue.done(first);
  EXPECT_EQ(queue.take(now, 0ms).items.size(), 3U);
  queue.push(single(true));
  EXPECT_TRUE(queue.take(now, 0ms).items.empty());
  queue.abandoned(second);
  EXPECT_EQ(queue.take(now, 0ms).items.size(), 1U);
}

TEST(PostgresQueueTest, ABatchHasAnEnd) {
  PostgresQueue queue(100, kPatience);
  for (int i = 0; i < 50; ++i) queue.push(single(false));
  EXPECT_EQ(queue.take(Clock::now(), 0ms).items.size(), 32U);
  EXPECT_EQ(queue.take(Clock::now(), 0ms).items.size(), 18U);
}

}  // namespace
}  // namespace latchkey::db
