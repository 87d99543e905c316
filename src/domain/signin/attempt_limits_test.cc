#include "domain/signin/attempt_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace latchkey::signin {
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

AttemptLimitOptions options(bool enabled = true) {
  return {.enabled = enabled,
          .failures = 2,
          .failure_interval = 10s,
          .registrations = 1,
          .registration_interval = 1min};
}

TEST(AttemptLimits, CountFailuresOfAnAddressAndOfAnAccount) {
  AttemptLimits limits(options());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(limits.sign_in_blocked("192.0.2.1", "alice", kNoon), std::nullopt);
    limits.sign_in_failed("192.0.2.1", "alice", kNoon);
  }
  EXPECT_NE(limits.sign_in_blocked("192.0.2.1", "alice", kNoon), std::nullopt);
  EXPECT_NE(limits.sign_in_blocked("192.0.2.1", "bob", kNoon), std::nullopt);
  EXPECT_NE(limits.sign_in_blocked("192.0.2.2", "alice", kNoon), std::nullopt);
  EXPECT_EQ(limits.sign_in_blocked("192.0.2.2", "bob", kNoon), std::nullopt);
  EXPECT_EQ(limits.token_blocked("192.0.2.1", kNoon), std::nullopt) << "tokens for themselves";
}

TEST(AttemptLimits, AnAddressIsNoAccount) {
  AttemptLimits limits(options());
  for (int i = 0; i < 3; ++i) limits.sign_in_failed("alice", "x", kNoon);
  EXPECT_EQ(limits.sign_in_blocked("192.0.2.1", "alice", kNoon), std::nullopt);
}

TEST(AttemptLimits, CountGuessedTokens) {
  AttemptLimits limits(options());
  for (int i = 0; i < 2; ++i) limits.token_failed("192.0.2.1", kNoon);
  EXPECT_NE(limits.token_blocked("192.0.2.1", kNoon), std::nullopt);
  EXPECT_EQ(limits.token_blocked("192.0.2.2", kNoon), std::nullopt);
  EXPECT_EQ(limits.sign_in_blocked("192.0.2.1", "alice", kNoon), std::nullopt);
}

TEST(AttemptLimits, CountEachRegistration) {
  AttemptLimits limits(options());
  EXPECT_EQ(limits.registration_blocked("192.0.2.1", kNoon), std::nullopt);
  EXPECT_THAT(limits.registration_blocked("192.0.2.1", kNoon), Optional(Duration(1min)));
  EXPECT_EQ(limits.registration_blocked("192.0.2.2", kNoon), std::nullopt);
  EXPECT_EQ(limits.registration_blocked("192.0.2.1", kNoon + 1min), std::nullopt);
}

TEST(AttemptLimits, CanBeSwitchedOff) {
  AttemptLimits limits(options(false));
  for (int i = 0; i < 100; ++i) {
    limits.sign_in_failed("192.0.2.1", "alice", kNoon);
    limits.token_failed("192.0.2.1", kNoon);
    EXPECT_EQ(limits.sign_in_blocked("192.0.2.1", "alice", kNoon), std::nullopt);
    EXPECT_EQ(limits.token_blocked("192.0.2.1", kNoon), std::nullopt);
    EXPECT_EQ(limits.registration_blocked("192.0.2.1", kNoon), std::nullopt);
  }
}

}  // namespace
}  // namespace latchkey::signin
