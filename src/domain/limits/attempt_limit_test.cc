#include "domain/limits/attempt_limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace latchkey::limits {
namespace {

using namespace std::chrono_literals;
using ::testing::Optional;

constexpr Time kNoon = from_millis(1'800'000'000'000);

TEST(AttemptLimit, LetsABurstPassAndThenOneForEachInterval) {
  AttemptLimit limit(3, 10s);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(limit.blocked("a", kNoon), std::nullopt) << i;
    limit.count("a", kNoon);
  }
  EXPECT_THAT(limit.blocked("a", kNoon), Optional(Duration(10s)));
  EXPECT_THAT(limit.blocked("a", kNoon + 4s), Optional(Duration(6s)));
  EXPECT_EQ(limit.blocked("a", kNoon + 10s), std::nullopt);
  limit.count("a", kNoon + 10s);
  EXPECT_THAT(limit.blocked("a", kNoon + 10s), Optional(Duration(10s)));
  EXPECT_EQ(limit.blocked("b", kNoon), std::nullopt) << "each key for itself";
}

TEST(AttemptLimit, IsEmptyAgainAfterAWhile) {
  AttemptLimit limit(3, 10s);
  for (int i = 0; i < 100; ++i) limit.count("a", kNoon);
  EXPECT_THAT(limit.blocked("a", kNoon), Optional(Duration(10s))) << "never more than full";
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(limit.blocked("a", kNoon + 30s), std::nullopt) << i;
    limit.count("a", kNoon + 30s);
  }
  EXPECT_NE(limit.blocked("a", kNoon + 30s), std::nullopt);
}

TEST(AttemptLimit, WhoTriesWhileBlockedWaitsNoLonger) {
  AttemptLimit limit(2, 10s);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(limit.take("a", kNoon), std::nullopt);
  for (int i = 1; i < 10; ++i) {
    EXPECT_THAT(limit.take("a", kNoon + std::chrono::seconds{i}),
                Optional(Duration(std::chrono::seconds{10 - i})));
  }
  EXPECT_EQ(limit.take("a", kNoon + 10s), std::nullopt);
}

TEST(AttemptLimit, AClockSetBackLocksNobodyOut) {
  AttemptLimit limit(1, 10s);
  limit.count("a", kNoon);
  EXPECT_NE(limit.blocked("a", kNoon), std::nullopt);
  EXPECT_EQ(limit.blocked("a", kNoon - 1h), std::nullopt);
  limit.count("a", kNoon - 1h);
  EXPECT_THAT(limit.blocked("a", kNoon - 1h), Optional(Duration(10s)));
}

TEST(AttemptLimit, ForgetsKeysThatAreEmptyAgain) {
  AttemptLimit limit(1, 1s);
  // Far more keys than it keeps at once; each second those of the one before are empty.
  for (int second = 0; second < 50; ++second) {
    const Time now = kNoon + std::chrono::seconds(2 * second);
    for (int i = 0; i < 1000; ++i) limit.count(std::to_string(second * 1000 + i), now);
    EXPECT_NE(limit.blocked(std::to_string(second * 1000), now), std::nullopt);
    EXPECT_LE(limit.size(), 3000u);
  }
}

TEST(AttemptLimit, ServesSeveralThreads) {
  AttemptLimit limit(1'000'000, 1s);
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < 2000; ++i) {
          limit.count(std::to_string(i % 7), kNoon);
          limit.blocked(std::to_string(i % 5), kNoon);
        }
      });
    }
  }
  EXPECT_EQ(limit.blocked("0", kNoon), std::nullopt);
}

TEST(AttemptLimit, TakesWhatIsNotBlocked) {
  AttemptLimit limit(2, 10s);
  EXPECT_EQ(limit.take("a", kNoon), std::nullopt);
  EXPECT_EQ(limit.take("a", kNoon), std::nullopt);
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(limit.take("a", kNoon), Optional(Duration(10s))) << "a refusal counts nothing";
  }
  EXPECT_EQ(limit.take("a", kNoon + 10s), std::nullopt);
}

TEST(AttemptLimit, GivesBack) {
  AttemptLimit limit(2, 10s);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(limit.take("a", kNoon), std::nullopt);
    limit.give_back("a");
  }
  limit.give_back("nobody");
  limit.take("a", kNoon);
  limit.take("a", kNoon);
  limit.give_back("a");
  EXPECT_EQ(limit.take("a", kNoon), std::nullopt);
  EXPECT_NE(limit.take("a", kNoon), std::nullopt);
  limit.forget("a");
  EXPECT_EQ(limit.blocked("a", kNoon), std::nullopt);
}

// A bucket that emptied meanwhile owes nothing, and is owed nothing.
TEST(AttemptLimit, GivesBackNoMoreThanThereIs) {
  AttemptLimit limit(1, 10s);
  limit.take("a", kNoon);
  for (int i = 0; i < 10; ++i) limit.give_back("a");
  EXPECT_EQ(limit.take("a", kNoon), std::nullopt);
  EXPECT_THAT(limit.take("a", kNoon), Optional(Duration(10s)));
}

TEST(AttemptLimit, IsBoundedWhateverKeysAreMadeUp) {
  AttemptLimit limit(3, 1h, 2000);
  for (int i = 0; i < 3; ++i) limit.count("full", kNoon);
  for (int i = 0; i < 2; ++i) limit.count("half", kNoon);
  for (int i = 0; i < 20'000; ++i) {
    limit.count(std::string(200, 'x') + std::to_string(i), kNoon);
    ASSERT_LE(limit.size(), 2000u);
  }
  EXPECT_GE(limit.size(), 1500u) << "no more are forgotten than need be";
  EXPECT_NE(limit.blocked("full", kNoon), std::nullopt);
  limit.count("half", kNoon);
  EXPECT_NE(limit.blocked("half", kNoon), std::nullopt) << "the emptiest go first";
}

TEST(AttemptLimit, TheOldestOfEquallyUsedKeysGoFirst) {
  AttemptLimit limit(1, 1h, 2000);
  for (int i = 0; i < 10'000; ++i) {
    limit.count(std::to_string(i), kNoon + std::chrono::milliseconds(i));
  }
  EXPECT_EQ(limit.blocked("0", kNoon + 10s), std::nullopt);
  EXPECT_NE(limit.blocked("9999", kNoon + 10s), std::nullopt);
  EXPECT_NE(limit.blocked("9000", kNoon + 10s), std::nullopt);
}

// Many threads at once get through as often as one does.
TEST(AttemptLimit, ManyAtOnceAreNoWayRound) {
  AttemptLimit limit(50, 1h);
  std::atomic<int> passed = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) passed += limit.take("a", kNoon) ? 0 : 1;
      });
    }
  }
  EXPECT_EQ(passed, 50);
}

}  // namespace
}  // namespace latchkey::limits
