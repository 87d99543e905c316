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
  ASSERT_TRUE(taken.item.has_value());
  // It has waited, and was then at work for a while.
  taken.item->deadline = Clock::now() - 1h;
  const auto before = Clock::now();
  queue.put_back(std::move(*taken.item));
  EXPECT_FALSE(queue.take(before, 0ms).item.has_value()) << "only for a connection made since";
  const auto again = queue.take(Clock::now() + 1s, 0ms);
  ASSERT_TRUE(again.item.has_value());
  EXPECT_GE(again.item->deadline, before + kPatience);
}

}  // namespace
}  // namespace latchkey::db
