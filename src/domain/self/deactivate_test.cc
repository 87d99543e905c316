// Deactivating and erasing, as an operator does it; what is left of the account.

#include <gtest/gtest.h>

#include "domain/accounts/accounts_testing.h"
#include "domain/accounts/threepid_rows.h"
#include "platform/error_testing.h"

namespace latchkey::self {
namespace {

using namespace std::chrono_literals;
using accounts::Account;
using accounts::Threepid;
using accounts::testing::kOperator;
using sessions::EndReason;
using sessions::Worth;
using sessions::testing::kNoon;
using sessions::testing::TestSessions;
using Why = administration::AdminRefused::Why;

const Threepid kAddress{"email", "alice@example.com"};

class DeactivationTest : public accounts::testing::AccountsOnEachEngine {
 protected:
  DeactivationTest() {
    administration_.create_user(kOperator, "alice", "correct horse", false).value();
    alice_ = user("alice")->account;
    auto wanted = TestSessions::refreshing("PHONE");
    wanted.device.display_name = "Alice's phone";
    phone_ = server_.sign_in(alice_, wanted);
    gone_ = server_.sign_in(alice_, TestSessions::refreshing("GONE"));
    EXPECT_TRUE(server_.sign_out(gone_.access()).has_value());
    administration_.add_threepid(kOperator, "alice", "email", "alice@example.com").value();
  }
  administration::Administration::Result<> deactivate(bool erase) {
    return administration_.deactivate(kOperator, "alice", erase);
  }
  std::int64_t traces() {
    return server_.count(
        "SELECT (SELECT COUNT(*) FROM devices WHERE display_name IS NOT NULL)"
        " + (SELECT COUNT(address) + COUNT(user_agent) FROM sessions)");
  }

  Account alice_;
  TestSessions::SignedIn phone_;
  TestSessions::SignedIn gone_;
};

INSTANTIATE_TEST_SUITE_P(Engines, DeactivationTest, db::engines(), db::engine_name);

TEST_P(DeactivationTest, EndsEverythingAndKeepsTheNameAndThePassword) {
  const auto hash = user("alice")->password_hash;
  server_.look(phone_.access());
  server_.look(phone_.access());
  EXPECT_TRUE(deactivate(false).has_value());
  EXPECT_EQ(server_.check(phone_.access()).worth, Worth::ended);
  EXPECT_EQ(server_.row(phone_.id()).end_reason, EndReason::account_deactivated);
  EXPECT_EQ(server_.row(gone_.id()).end_reason, EndReason::logout);
  EXPECT_EQ(user("alice")->account.deactivated_at, kNoon);
  EXPECT_EQ(user("alice")->password_hash, hash);
  EXPECT_EQ(user("alice")->erased_at, std::nullopt);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM threepids"), 0);
  EXPECT_GT(traces(), 0);

  EXPECT_EQ(error_of(deactivate(false)).why, Why::already_deactivated);
  EXPECT_EQ(error_of(administration_.set_password(kOperator, "alice", "correct horse")).why,
            Why::deactivated);
  EXPECT_EQ(
      error_of(administration_.add_threepid(kOperator, "alice", "email", "a@example.com")).why,
      Why::deactivated);
  EXPECT_EQ(error_of(administration_.create_user(kOperator, "alice", "correct horse", false)).why,
            Why::name_taken);
}

// A text that others use says nothing of who is erased; one of their own may say everything.
TEST_P(DeactivationTest, ErasedNoUserAgentOfTheirsIsLeft) {
  const auto use = [&](const Account& who, const char* device, const char* agent) {
    auto wanted = TestSessions::refreshing(device);
    wanted.origin.user_agent = agent;
    return server_.sign_in(who, wanted);
  };
  use(alice_, "DESK", "Alice's own program");
  ASSERT_TRUE(server_.sign_out(use(alice_, "OLD", "Alice's old program").access()).has_value());
  auto website = TestSessions::refreshing();
  website.device_id = std::nullopt;
  website.grant = sessions::ClientGrant{"wiki", "openid"};
  website.origin.user_agent = "Alice's website";
  server_.sign_in(alice_, website);
  use(alice_, "BROWSER", "Browser/1.0");
  administration_.create_user(kOperator, "bob", std::nullopt, false).value();
  use(user("bob")->account, "BOB", "Browser/1.0");
  ASSERT_TRUE(deactivate(true).has_value());
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM user_agents WHERE text LIKE 'Alice%'"), 0);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM user_agents WHERE text = 'Browser/1.0'"), 1);
}

// Apps that sign people in have no device.
TEST_P(DeactivationTest, ErasedNoAddressIsLeftThatTheirAppsWereUsedFrom) {
  auto website = TestSessions::refreshing();
  website.device_id = std::nullopt;
  website.grant = sessions::ClientGrant{"wiki", "openid"};
  website.origin.address = "203.0.113.7";
  server_.sign_in(alice_, website);
  const auto found = [&] {
    return server_.count("SELECT COUNT(*) FROM sessions WHERE address = '203.0.113.7'");
  };
  EXPECT_EQ(found(), 1);
  ASSERT_TRUE(deactivate(true).has_value());
  EXPECT_EQ(found(), 0);
}

TEST_P(DeactivationTest, ErasedNothingIsLeftOfThePassword) {
  server_->flush_activity();
  EXPECT_TRUE(deactivate(true).has_value());
  EXPECT_EQ(server_.check(phone_.access()).worth, Worth::ended);
  EXPECT_EQ(user("alice")->password_hash, std::nullopt);
  EXPECT_EQ(user("alice")->erased_at, kNoon);
  EXPECT_EQ(traces(), 0) << "of ended sessions and deleted devices too";
  EXPECT_EQ(error_of(deactivate(true)).why, Why::already_erased);
}

TEST_P(DeactivationTest, WhatWasNotedBeforeIsNotWrittenAfterwards) {
  server_.clock.advance(2min);
  server_.look(phone_.access());  // activity that waits for its batch
  EXPECT_TRUE(deactivate(true).has_value());
  server_->flush_activity();
  EXPECT_EQ(traces(), 0);
}

TEST_P(DeactivationTest, OthersKeepTheirs) {
  const Account bob = server_.add_user("bob");
  auto wanted = TestSessions::refreshing("LAPTOP");
  wanted.device.display_name = "Bob's laptop";
  const auto laptop = server_.sign_in(bob, wanted);
  administration_.add_threepid(kOperator, "bob", "email", "bob@example.com").value();
  EXPECT_TRUE(deactivate(true).has_value());
  EXPECT_TRUE(server_.check(laptop.access()).active());
  EXPECT_EQ(traces(), 3);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM threepids"), 1);
}

TEST_P(DeactivationTest, CanBeFollowedByAnErasure) {
  EXPECT_TRUE(deactivate(false).has_value());
  server_.clock.advance(1h);
  EXPECT_TRUE(deactivate(true).has_value());
  EXPECT_EQ(user("alice")->account.deactivated_at, kNoon);
  EXPECT_EQ(user("alice")->erased_at, kNoon + 1h);
  EXPECT_EQ(user("alice")->password_hash, std::nullopt);
  EXPECT_EQ(traces(), 0);
}

TEST_P(DeactivationTest, AReactivatedAccountNeedsANewPassword) {
  for (const bool erase : {false, true}) {
    EXPECT_TRUE(deactivate(erase).has_value());
    EXPECT_TRUE(administration_.reactivate(kOperator, "alice").has_value());
    EXPECT_EQ(user("alice")->password_hash, std::nullopt);
    EXPECT_EQ(user("alice")->erased_at, std::nullopt);
    EXPECT_EQ(user("alice")->account.deactivated_at, std::nullopt);
    EXPECT_EQ(server_.check(phone_.access()).worth, Worth::ended) << "what ended stays ended";
    EXPECT_TRUE(administration_.set_password(kOperator, "alice", "correct horse").has_value());
    EXPECT_EQ(error_of(administration_.reactivate(kOperator, "alice")).why, Why::not_deactivated);
  }
  EXPECT_TRUE(administration_.add_threepid(kOperator, "alice", "email", "alice@example.com"))
      << "the address is free again";
}

}  // namespace
}  // namespace latchkey::self
