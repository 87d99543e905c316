#include "domain/limits/attempt_limits.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "platform/error_testing.h"

namespace latchkey::limits {
namespace {

using namespace std::chrono_literals;
using ::testing::Optional;

constexpr Time kNoon = from_millis(1'800'000'000'000);

AttemptLimitOptions options() {
  return {.failures = 6,
          .failure_interval = 10s,
          .account_failures = 4,
          .account_failure_interval = 20s,
          .repeated_failures = 3,
          .repeated_failure_interval = 30s,
          .newcomer_failures = 2,
          .newcomer_failure_interval = 1h,
          .registrations = 1,
          .registration_interval = 1min,
          .challenges = 3,
          .challenge_interval = 5s,
          .registration_token_checks = 2,
          .registration_token_check_interval = 7s,
          .login_tokens = 5,
          .login_token_interval = 1min};
}

// Limits, and who tries things on them.
class Limits : public ::testing::Test {
 protected:
  using Blocked = std::optional<SignInBlocked>;

  // One wrong password; absent: it was looked at.
  Blocked fail(const Attempt& attempt) {
    auto tried = limits_.sign_in(attempt, now_);
    if (!tried) return error_of(tried);
    tried->failed();
    return std::nullopt;
  }
  // The right one.
  Blocked succeed(const Attempt& attempt) {
    auto tried = limits_.sign_in(attempt, now_);
    if (!tried) return error_of(tried);
    tried->succeeded();
    return std::nullopt;
  }
  bool passes(const Attempt& attempt) { return !succeed(attempt); }
  // How many of `tries` wrong passwords are looked at.
  int guess(const Attempt& attempt, int tries) {
    int looked_at = 0;
    for (int i = 0; i < tries; ++i) looked_at += fail(attempt) ? 0 : 1;
    return looked_at;
  }
  // Each in a network of its own.
  static std::string v4(int host) { return fmt::format("198.{}.{}.7", host / 250, host % 250); }
  // Guesses from so many addresses; returns how many were looked at.
  int guess_from_everywhere(std::string_view account, int addresses, int tries_each) {
    int looked_at = 0;
    for (int i = 0; i < addresses; ++i) {
      looked_at += guess({.address = v4(i), .account = account}, tries_each);
    }
    return looked_at;
  }

  AttemptLimits limits_{options()};
  Time now_ = kNoon;
};

TEST_F(Limits, BruteForceOnOneAccount) {
  const Attempt attempt{.address = "192.0.2.1", .account = "alice"};
  EXPECT_EQ(guess(attempt, 1000), 3) << "one address";
  EXPECT_EQ(fail(attempt)->wait, 30s);
  EXPECT_FALSE(fail(attempt)->unless_familiar);
  // From a hundred more: what is left for all of them, and two for each that is new.
  EXPECT_LE(guess_from_everywhere("alice", 100, 20), 1 + 100 * 2);
  EXPECT_EQ(guess_from_everywhere("alice", 100, 20), 0) << "and no more";
  EXPECT_EQ(fail({.address = v4(7), .account = "alice"})->wait, 20s);
  // From then on what the intervals let pass, for all addresses together.
  int looked_at = 0;
  for (int minute = 0; minute < 10; ++minute) {
    now_ += 1min;
    looked_at += guess_from_everywhere("alice", 100, 3);
  }
  EXPECT_LE(looked_at, 10 * 3);
  EXPECT_GE(looked_at, 10 * 3 - 4) << "and that much does pass: the limits are no lock";
}

TEST_F(Limits, BruteForceFromANetworkOfIpv6) {
  // A /64 is one address, and a site's /48 has not 65536 times two tries.
  const auto address = [](int network, int host) {
    return fmt::format("2001:db8:7:{:x}::{:x}", network, host + 1);
  };
  int looked_at = 0;
  for (int host = 0; host < 100; ++host) {
    looked_at += guess({.address = address(1, host), .account = "alice"}, 10);
  }
  EXPECT_EQ(looked_at, 3);
  for (int network = 2; network < 1000; ++network) {
    looked_at += guess({.address = address(network, 0), .account = "alice"}, 10);
  }
  EXPECT_LE(looked_at, 4 + 4 * 2);
  EXPECT_TRUE(passes({.address = "2001:db8:8::1", .account = "alice"})) << "another site is new";
}

TEST_F(Limits, CredentialStuffingOverManyAccounts) {
  int looked_at = 0;
  for (int i = 0; i < 1000; ++i) {
    looked_at += guess({.address = "192.0.2.1", .account = fmt::format("user{}", i)}, 1);
  }
  EXPECT_EQ(looked_at, 6);
  EXPECT_EQ(fail({.address = "192.0.2.1", .account = "one-more"})->wait, 10s);
  EXPECT_FALSE(fail({.address = "192.0.2.1", .account = "one-more"})->unless_familiar);
  // An account of his own does not clear his address.
  now_ += 10s;
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(passes({.address = "192.0.2.1", .account = "his-own", .familiar = true}));
  }
  EXPECT_EQ(guess({.address = "192.0.2.1", .account = "user0"}, 10), 1);
  EXPECT_TRUE(passes({.address = "192.0.2.2", .account = "user0"})) << "others notice nothing";
}

TEST_F(Limits, AnHonestOwnerIsNotLockedOut) {
  for (int round = 0; round < 20; ++round) {
    guess_from_everywhere("alice", 100, 5);
    // From where the owner is known: as if nobody else tried, mistyping included.
    const Attempt home{.address = "203.0.113.7", .account = "alice"};
    Attempt familiar = home;
    familiar.familiar = true;
    EXPECT_EQ(guess(familiar, 2), 2);
    EXPECT_TRUE(passes(familiar));
    EXPECT_TRUE(passes(familiar)) << "a success does not use it up";
    // From a new network: each of the first two tries.
    const std::string hotel = fmt::format("203.0.113.{}", 100 + round);
    EXPECT_EQ(guess({.address = hotel, .account = "alice"}, 1), 1);
    EXPECT_TRUE(passes({.address = hotel, .account = "alice"}));
    EXPECT_TRUE(passes({.address = hotel, .account = "alice"})) << "a success clears it";
    now_ += 20s;
  }
  // Who has used up the tries of a new network is asked to wait, and a familiar one would not be.
  const Attempt cafe{.address = "203.0.113.200", .account = "alice"};
  EXPECT_EQ(guess(cafe, 5), 2);
  EXPECT_TRUE(fail(cafe)->unless_familiar);
}

TEST_F(Limits, ASuccessClearsItsAddressAtItsAccountAlone) {
  const Attempt attempt{.address = "192.0.2.1", .account = "alice"};
  EXPECT_EQ(guess(attempt, 2), 2);
  EXPECT_TRUE(passes(attempt));
  EXPECT_EQ(guess(attempt, 9), 2) << "the account has four";
  EXPECT_TRUE(fail(attempt)->unless_familiar);
  EXPECT_EQ(guess({.address = "192.0.2.1", .account = "bob"}, 9), 2) << "the address has six";
  EXPECT_EQ(fail({.address = "192.0.2.1", .account = "bob"})->wait, 10s);
}

TEST_F(Limits, WhatCameToNoAnswerDoesNotCount) {
  const Attempt attempt{.address = "192.0.2.1", .account = "alice"};
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(limits_.sign_in(attempt, now_).has_value());
  }
  EXPECT_EQ(guess(attempt, 10), 3);
  // Nor does what was refused: the address is as free as three failures leave it.
  EXPECT_EQ(guess({.address = "192.0.2.1", .account = "bob"}, 10), 3);
}

TEST_F(Limits, ManyAtOnceAreNoWayRound) {
  std::vector<SignInAttempt> being_checked;
  for (int i = 0; i < 100; ++i) {
    auto tried = limits_.sign_in({.address = "192.0.2.1", .account = "alice"}, now_);
    if (tried) being_checked.push_back(std::move(*tried));
  }
  EXPECT_EQ(being_checked.size(), 3u);
  for (SignInAttempt& tried : being_checked) tried.succeeded();
  EXPECT_EQ(guess({.address = "192.0.2.1", .account = "alice"}, 10), 3);
}

TEST_F(Limits, AnAddressIsNoAccount) {
  guess({.address = "192.0.2.1", .account = "192.0.2.2"}, 10);
  EXPECT_TRUE(passes({.address = "192.0.2.2", .account = "192.0.2.1"}));
  EXPECT_EQ(guess({.address = "192.0.2.2", .account = "alice"}, 10), 3);
}

TEST_F(Limits, CountGuessedTokens) {
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(limits_.unknown_token_blocked("2001:db8::1", kNoon), std::nullopt);
  }
  EXPECT_THAT(limits_.unknown_token_blocked("2001:db8::2", kNoon), Optional(Duration(10s)));
  EXPECT_EQ(limits_.unknown_token_blocked("192.0.2.2", kNoon), std::nullopt);
  EXPECT_TRUE(passes({.address = "2001:db8::1", .account = "alice"})) << "tokens for themselves";
}

TEST_F(Limits, CountWhatCostsWhetherItFailsOrNot) {
  using Blocked = std::optional<Duration> (AttemptLimits::*)(std::string_view, Time);
  struct Case {
    Blocked blocked;
    int burst;
    Duration interval;
  };
  for (const auto& [blocked, burst, interval] :
       {Case{&AttemptLimits::registration_blocked, 1, 1min},
        Case{&AttemptLimits::challenge_blocked, 3, 5s},
        Case{&AttemptLimits::registration_token_blocked, 2, 7s},
        Case{&AttemptLimits::login_token_blocked, 5, 1min},
        Case{&AttemptLimits::client_registration_blocked, 30, 10s}}) {
    for (int i = 0; i < burst; ++i) EXPECT_EQ((limits_.*blocked)("192.0.2.1", kNoon), std::nullopt);
    EXPECT_THAT((limits_.*blocked)("192.0.2.1", kNoon), Optional(interval));
    EXPECT_EQ((limits_.*blocked)("192.0.2.2", kNoon), std::nullopt);
    EXPECT_EQ((limits_.*blocked)("192.0.2.1", kNoon + interval), std::nullopt);
  }
}

TEST_F(Limits, OfAddressesCountAWholeNetworkOfIpv6) {
  EXPECT_EQ(limits_.registration_blocked("2001:db8::1", kNoon), std::nullopt);
  EXPECT_NE(limits_.registration_blocked("2001:db8::2", kNoon), std::nullopt);
  for (int i = 0; i < 3; ++i) limits_.challenge_blocked("2001:db8::1", kNoon);
  EXPECT_NE(limits_.challenge_blocked("2001:db8::2", kNoon), std::nullopt);
  for (int i = 0; i < 2; ++i) limits_.registration_token_blocked("::ffff:192.0.2.1", kNoon);
  EXPECT_NE(limits_.registration_token_blocked("192.0.2.1", kNoon), std::nullopt);
}

TEST(AttemptLimits, CanBeSwitchedOff) {
  AttemptLimitOptions off = options();
  off.enabled = false;
  AttemptLimits limits(off);
  for (int i = 0; i < 100; ++i) {
    auto tried = limits.sign_in({.address = "192.0.2.1", .account = "alice"}, kNoon);
    ASSERT_TRUE(tried.has_value());
    tried->failed();
    EXPECT_EQ(limits.unknown_token_blocked("192.0.2.1", kNoon), std::nullopt);
    EXPECT_EQ(limits.registration_blocked("192.0.2.1", kNoon), std::nullopt);
    EXPECT_EQ(limits.challenge_blocked("192.0.2.1", kNoon), std::nullopt);
    EXPECT_EQ(limits.registration_token_blocked("192.0.2.1", kNoon), std::nullopt);
    EXPECT_EQ(limits.login_token_blocked("alice", kNoon), std::nullopt);
    EXPECT_EQ(limits.client_registration_blocked("192.0.2.1", kNoon), std::nullopt);
  }
}

// Addresses are cheap to have many of; the whole table must not be.
TEST(WideLimit, HasABoundForANetworkAndForEverybody) {
  WideLimit limit(10, 1min);
  int taken = 0;
  const auto from = [&](const std::string& address) {
    const auto wait = limit.take(address, kNoon);
    taken += wait ? 0 : 1;
    return !wait;
  };
  for (int i = 0; i < 100; ++i) from(fmt::format("2001:db8:1:{:x}::1", i));
  EXPECT_EQ(taken, 40) << "a /48, each time from another /64";
  EXPECT_TRUE(from("2001:db8:2:1::1")) << "its neighbour";
  taken = 0;
  for (int i = 0; i < 100; ++i) from(fmt::format("192.0.2.{}", i));
  EXPECT_EQ(taken, 40) << "a /24";
  for (int i = 0; i < 2000; ++i) from(fmt::format("2001:db8:{:x}::1", 16 + i));
  EXPECT_EQ(taken + 41, 320) << "everybody";
  EXPECT_EQ(limit.take("198.51.100.1", kNoon), Duration(15'000));
  EXPECT_EQ(limit.take("198.51.100.1", kNoon + 15s), std::nullopt);
}

TEST(WideLimit, KeepsNobodyOutForWhatWasRefused) {
  WideLimit limit(2, 1min);
  for (int i = 0; i < 8; ++i) limit.take(fmt::format("192.0.2.{}", i), kNoon);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limit.take("192.0.2.100", kNoon).has_value());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(limit.take("192.0.2.100", kNoon + 1min), std::nullopt);
}

// What an attacker who has many networks' addresses does costs the account's own people nothing.
TEST_F(Limits, ANetworkMayFailFourTimesAsOftenAsAnAddress) {
  int looked_at = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string address = fmt::format("192.0.2.{}", i);
    const std::string account = fmt::format("user{}", i);
    looked_at += guess({.address = address, .account = account}, 1);
  }
  EXPECT_EQ(looked_at, 24);
  const auto blocked = fail({.address = "192.0.2.200", .account = "alice"});
  ASSERT_TRUE(blocked.has_value());
  EXPECT_TRUE(blocked->unless_familiar);
  EXPECT_TRUE(passes({.address = "192.0.2.200", .account = "alice", .familiar = true}));
  EXPECT_TRUE(passes({.address = "192.0.3.1", .account = "alice"}));
}

// Which guess was right is not told to who is blocked; each client has its own count.
TEST_F(Limits, SecretsOfClientsAreNotGuessed) {
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(limits_.secret_blocked("192.0.2.1", "wiki", now_), std::nullopt);
    limits_.secret_failed("192.0.2.1", "wiki", now_);
  }
  EXPECT_THAT(limits_.secret_blocked("192.0.2.1", "wiki", now_), Optional(Duration(10s)));
  EXPECT_EQ(limits_.secret_blocked("192.0.2.1", "chat", now_), std::nullopt);
  EXPECT_EQ(limits_.secret_blocked("192.0.2.2", "wiki", now_), std::nullopt);
  for (int i = 0; i < 18; ++i) {
    limits_.secret_failed(fmt::format("192.0.2.{}", 10 + i), "wiki", now_);
  }
  EXPECT_TRUE(limits_.secret_blocked("192.0.2.2", "wiki", now_).has_value()) << "the network";
  EXPECT_EQ(limits_.secret_blocked("192.0.3.2", "wiki", now_), std::nullopt);
  EXPECT_EQ(limits_.secret_blocked("192.0.2.1", "wiki", now_ + 10s), std::nullopt);
}

// A full queue, a browser that was closed: a newcomer's two tries are for passwords.
TEST_F(Limits, WhatCameToNoAnswerCountsForNoNewcomer) {
  guess_from_everywhere("alice", 10, 5);  // the account is at its limit
  const Attempt hotel{.address = "203.0.113.7", .account = "alice"};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limits_.sign_in(hotel, now_).has_value()) << i;
  EXPECT_EQ(guess(hotel, 5), 2);
}

TEST_F(Limits, WhoGotInIsANewcomerWhoHasMistypedNothing) {
  guess_from_everywhere("alice", 10, 5);
  const Attempt hotel{.address = "203.0.113.7", .account = "alice"};
  EXPECT_EQ(guess(hotel, 1), 1);
  EXPECT_TRUE(passes(hotel));
  EXPECT_EQ(guess(hotel, 5), 2);
}

// Else who comes home to an account of many people shuts the others out.
TEST_F(Limits, WhoSucceedsHasUsedUpNoTriesOfNewcomers) {
  guess({.address = "198.51.100.1", .account = "alice"}, 3);
  guess({.address = "198.51.100.2", .account = "alice"}, 3);  // the account is at its limit
  for (int i = 0; i < 30; ++i) {
    const std::string address = fmt::format("2001:db8:9:{:x}::1", i);
    EXPECT_TRUE(passes({.address = address, .account = "alice"})) << i;
    EXPECT_TRUE(passes({.address = address, .account = "alice"})) << i;
  }
  EXPECT_EQ(guess({.address = "2001:db8:9:100::1", .account = "alice"}, 5), 2);
}

}  // namespace
}  // namespace latchkey::limits
