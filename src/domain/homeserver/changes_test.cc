#include "domain/homeserver/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/homeserver/people_testing.h"

namespace latchkey::homeserver {
namespace {

using accounts::testing::kOperator;
using sessions::testing::run;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using Outcome = outbox::Delivery::Outcome;

class HomeserverChanges : public testing::OnAHomeserver {
 protected:
  HomeserverChanges() {
    phone_ = sign_in("PHONE");
    deliver();
    fake_.take_lines();
  }

  testing::FakeHomeserver::User alice() { return fake_.user("alice").value(); }
  self::Proof proof() { return confirmed(caller(phone_.tokens.access_token)); }
  outbox::Delivery deliver_item(const std::string& kind, const std::string& payload,
                                Duration age = {}) {
    Deliveries deliveries(server_.db(), fake_, server_.clock);
    outbox::Item item;
    item.kind = kind;
    item.payload = payload;
    item.created_at = server_.clock.now() - age;
    return deliveries.deliver(
        item, {.deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1}, .stop = {}});
  }

  signin::SignedIn phone_;
};

INSTANTIATE_TEST_SUITE_P(Engines, HomeserverChanges, db::engines(), db::engine_name);

TEST_P(HomeserverChanges, AnAccountWithoutADeviceIsMadeThereToo) {
  administration_.create_user(kOperator, "bob", std::nullopt, false).value();
  deliver();
  EXPECT_TRUE(fake_.user("bob").has_value());
}

TEST_P(HomeserverChanges, ADeletedDeviceGoes) {
  ASSERT_TRUE(server_.sign_out(phone_.tokens.access_token).has_value());
  EXPECT_THAT(waiting(), ElementsAre("device"));
  deliver();
  EXPECT_THAT(alice().devices, IsEmpty());
}

TEST_P(HomeserverChanges, ARenamedDeviceIsRenamed) {
  ASSERT_TRUE(run(surface_.operations.rename_device(proof(), "PHONE", "Her phone")).has_value());
  deliver();
  EXPECT_EQ(alice().devices.at("PHONE"), "Her phone");
  ASSERT_TRUE(run(surface_.operations.rename_device(proof(), "PHONE", "")).has_value());
  deliver();
  EXPECT_EQ(alice().devices.at("PHONE"), "");
}

TEST_P(HomeserverChanges, ADisplayNameIsChangedOnlyWhereItWasChangedHere) {
  ASSERT_TRUE(run(surface_.operations.set_display_name(proof(), "Alice")).has_value());
  deliver();
  EXPECT_EQ(alice().display_name, "Alice");
  ASSERT_TRUE(fake_.set_display_name("alice", "Alice of the rooms", {}).has_value());
  administration_.lock(kOperator, "alice").value();
  administration_.add_threepid(kOperator, "alice", "email", "alice@example.com").value();
  deliver();
  EXPECT_EQ(alice().display_name, "Alice of the rooms");
}

TEST_P(HomeserverChanges, AddressesAreTold) {
  administration_.add_threepid(kOperator, "alice", "email", "alice@example.com").value();
  administration_.add_threepid(kOperator, "alice", "msisdn", "+491701234567").value();
  deliver();
  EXPECT_THAT(alice().emails, ElementsAre("alice@example.com"));
  administration_.remove_threepid(kOperator, "alice", "email", "alice@example.com").value();
  deliver();
  EXPECT_THAT(alice().emails, IsEmpty());
}

TEST_P(HomeserverChanges, ALockIsToldAndTakesNoDevice) {
  administration_.lock(kOperator, "alice").value();
  deliver();
  EXPECT_TRUE(alice().locked);
  administration_.unlock(kOperator, "alice").value();
  deliver();
  EXPECT_FALSE(alice().locked);
  EXPECT_TRUE(alice().devices.contains("PHONE"));
}

TEST_P(HomeserverChanges, WhatEndsSoftlyKeepsItsDevice) {
  sign_in("PHONE");
  administration_.soft_logout_user(kOperator, "alice").value();
  administration_.soft_logout_everybody(kOperator);
  deliver();
  EXPECT_THAT(fake_.take_lines(), Not(Contains(StartsWith("delete_device"))));
  EXPECT_TRUE(alice().devices.contains("PHONE"));
}

TEST_P(HomeserverChanges, ADeactivationAndWhatFollows) {
  administration_.deactivate(kOperator, "alice", false).value();
  deliver();
  EXPECT_TRUE(alice().deactivated);
  EXPECT_FALSE(alice().erased);
  administration_.deactivate(kOperator, "alice", true).value();
  deliver();
  EXPECT_TRUE(alice().erased);
  administration_.reactivate(kOperator, "alice").value();
  deliver();
  EXPECT_FALSE(alice().deactivated);
  EXPECT_FALSE(alice().erased);
}

TEST_P(HomeserverChanges, WhoWasNeverThereIsNotMadeToBeDeactivated) {
  administration_.create_user(kOperator, "bob", std::nullopt, false).value();
  administration_.deactivate(kOperator, "bob", true).value();
  deliver();
  EXPECT_FALSE(fake_.user("bob").has_value());
}

TEST_P(HomeserverChanges, ASuspensionIsToldInALaneOfItsOwn) {
  administration_.suspend(kOperator, "alice").value();
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM outbox WHERE destination = 'administration'"), 1);
  deliver();
  EXPECT_TRUE(alice().suspended);
  administration_.unsuspend(kOperator, "alice").value();
  deliver();
  EXPECT_FALSE(alice().suspended);
}

TEST_P(HomeserverChanges, AResetOfTheEncryptionIdentityIsAllowedSoonOrNever) {
  const auto browser = run(surface_.browsers.sign_in(signin::UserName{"alice"}, "correct horse",
                                                     {"192.0.2.1", "Firefox"}, ""))
                           .value()
                           .session;
  ASSERT_TRUE(
      run(surface_.operations.allow_cross_signing_reset(self::proof_of(browser))).has_value());
  EXPECT_THAT(waiting(), ElementsAre("cross_signing_reset"));
  deliver();
  EXPECT_EQ(alice().resets, 1);
  const std::string account = R"({"localpart":"alice"})";
  EXPECT_EQ(deliver_item("cross_signing_reset", account, std::chrono::minutes{11}).outcome,
            Outcome::refused);
  EXPECT_EQ(alice().resets, 1);
}

// Each says what is, not what was done: late and twice it comes to the same.
TEST_P(HomeserverChanges, MayBeDeliveredTwiceAndLate) {
  const std::string device = R"({"localpart":"alice","device_id":"PHONE"})";
  ASSERT_TRUE(server_.sign_out(phone_.tokens.access_token).has_value());
  deliver();
  phone_ = sign_in("PHONE");
  EXPECT_EQ(deliver_item("device", device).outcome, Outcome::delivered);
  EXPECT_TRUE(alice().devices.contains("PHONE"));
  ASSERT_TRUE(server_.sign_out(phone_.tokens.access_token).has_value());
  deliver();
  EXPECT_EQ(deliver_item("device", device).outcome, Outcome::delivered);
  EXPECT_EQ(deliver_item("account", R"({"localpart":"nobody"})").outcome, Outcome::delivered);
}

TEST_P(HomeserverChanges, WhatChangesAgainAndAgainIsWrittenDownOnce) {
  for (int i = 0; i < 5; ++i) {
    administration_.lock(kOperator, "alice").value();
    administration_.unlock(kOperator, "alice").value();
  }
  // The first may be under way.
  EXPECT_THAT(waiting(), ElementsAre("account", "account"));
  deliver();
  EXPECT_FALSE(alice().locked);
}

TEST_P(HomeserverChanges, OnlyWhatTheHomeserverNeverDoesIsGivenUp) {
  const std::string account = R"({"localpart":"alice"})";
  Trouble trouble{.kind = Trouble::Kind::failed, .sentence = "later", .after = {}};
  trouble.after = std::chrono::seconds{7};
  fake_.before = [&](const std::string&) { return std::optional(trouble); };
  const auto later = deliver_item("account", account);
  EXPECT_EQ(later.outcome, Outcome::failed);
  EXPECT_EQ(later.after, std::chrono::seconds{7});
  trouble.kind = Trouble::Kind::not_reached;
  EXPECT_EQ(deliver_item("account", account).outcome, Outcome::failed);
  trouble.kind = Trouble::Kind::refused;
  EXPECT_EQ(deliver_item("account", account).outcome, Outcome::refused);
  EXPECT_EQ(deliver_item("poem", account).outcome, Outcome::refused);
  EXPECT_EQ(deliver_item("account", "no JSON").outcome, Outcome::refused);
}

}  // namespace
}  // namespace latchkey::homeserver
