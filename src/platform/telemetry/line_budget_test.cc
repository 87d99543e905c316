#include "platform/telemetry/line_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace latchkey::telemetry {
namespace {

using namespace std::chrono_literals;

TEST(LineBudget, LetsSoManyLinesInASecondThrough) {
  LineBudget budget(3);
  const LineBudget::Clock::time_point now{1000s};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(budget.take(now + i * 300ms));
  EXPECT_FALSE(budget.take(now));
  EXPECT_FALSE(budget.take(now + 999ms));
  EXPECT_TRUE(budget.take(now + 1s));
  EXPECT_TRUE(budget.take(now)) << "who looked at the clock earlier counts with the others";
  EXPECT_TRUE(budget.take(now + 1s));
  EXPECT_FALSE(budget.take(now));
  EXPECT_FALSE(budget.take(now + 1s));
}

TEST(LineBudget, CountsForAllThreads) {
  LineBudget budget(100);
  std::atomic<int> written{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 400; ++i) {
        // Two seconds, whose turn each thread comes to in its own time.
        const LineBudget::Clock::time_point now{1000s + (i < 200 ? 0s : 1s)};
        if (budget.take(now)) ++written;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(written, 200);
  EXPECT_GE(written, 100);
}

}  // namespace
}  // namespace latchkey::telemetry
