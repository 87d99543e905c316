#include "domain/homeserver/provisioning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <tuple>

#include "domain/homeserver/people_testing.h"

namespace latchkey::homeserver {
namespace {

using namespace std::chrono_literals;
using sessions::Worth;
using sessions::testing::run;
using sessions::testing::soon;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Trouble failed() { return {Trouble::Kind::failed, "it failed"}; }

class ProvisioningTest : public testing::OnAHomeserver {};

INSTANTIATE_TEST_SUITE_P(Engines, ProvisioningTest, db::engines(), db::engine_name);

TEST_P(ProvisioningTest, UserAndDeviceAreThereBeforeTheTokenIs) {
  sign_in();
  EXPECT_THAT(fake_.take_lines(),
              ElementsAre("put_device alice PHONE", "put_user alice", "put_device alice PHONE"));
  EXPECT_TRUE(fake_.has_device("alice", "PHONE"));
  EXPECT_EQ(records(), 0);
}

TEST_P(ProvisioningTest, AnotherSignInToAKnownDeviceCostsOneCall) {
  sign_in();
  fake_.take_lines();
  const auto again = sign_in();
  EXPECT_THAT(fake_.take_lines(), ElementsAre("put_device alice PHONE"));
  EXPECT_EQ(worth(again), Worth::active);
  EXPECT_EQ(records(), 0);
}

TEST_P(ProvisioningTest, ADeviceThatSomebodyTookAwayThereIsMadeAgain) {
  sign_in();
  ASSERT_TRUE(fake_.delete_device("alice", "PHONE", {}).has_value());
  sign_in();
  EXPECT_TRUE(fake_.has_device("alice", "PHONE"));
}

TEST_P(ProvisioningTest, WithoutTheHomeserverNothingIsHalfMade) {
  const auto before = sign_in();
  fake_.before = [](const std::string&) { return std::optional(failed()); };
  EXPECT_THROW(sign_in(), Unavailable);
  EXPECT_THROW(sign_in("NEW"), Unavailable);
  EXPECT_EQ(worth(before), Worth::active);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM devices"), 1);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM sessions"), 1);
  fake_.before = {};
  expect_taken_back("NEW");
  EXPECT_TRUE(fake_.has_device("alice", "PHONE"));
  EXPECT_EQ(worth(sign_in("NEW")), Worth::active);
}

TEST_P(ProvisioningTest, AHomeserverThatIsNotReachedHasNothingToTakeBack) {
  deliver();
  fake_.before = [](const std::string&) {
    return std::optional(Trouble{Trouble::Kind::not_reached, "nobody is there"});
  };
  EXPECT_THROW(sign_in(), Unavailable);
  ASSERT_TRUE(soon([&] { return records() == 0; }));
  EXPECT_THAT(waiting(), IsEmpty());
}

TEST_P(ProvisioningTest, ADeviceThatTheHomeserverNeverTakesIsRefusedAndNothingIsHalfMade) {
  const auto before = sign_in();
  deliver();
  fake_.before = [](const std::string& line) {
    return line == "put_device alice ODD"
               ? std::optional(Trouble{Trouble::Kind::refused, "it takes no such ID"})
               : std::nullopt;
  };
  EXPECT_THROW(sign_in("ODD"), Refused);
  ASSERT_TRUE(soon([&] { return records() == 0; }));
  EXPECT_THAT(waiting(), IsEmpty());
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM devices"), 1);
  EXPECT_EQ(worth(before), Worth::active);
  EXPECT_EQ(worth(sign_in("OTHER")), Worth::active);
}

// What nobody has asked for needs not be taken back.
TEST_P(ProvisioningTest, ADeviceOfAUserWhoCouldNotBeMadeHasNothingToTakeBack) {
  fake_.before = [](const std::string& line) {
    return line == "put_user alice" ? std::optional(failed()) : std::nullopt;
  };
  EXPECT_THROW(sign_in(), Unavailable);
  ASSERT_TRUE(soon([&] { return records() == 0; }));
  EXPECT_THAT(waiting(), ElementsAre("account"));  // of its creation
}

// With a password and a homeserver that fails nobody fills the database.
TEST_P(ProvisioningTest, SoMuchWaitsOfOneUserAndNoMore) {
  const UserId alice = user("alice")->account.id;
  server_.db().write_now([&](db::Tx& tx) {
    for (int i = 0; i < 1'500; ++i) {
      tx.run(
          "INSERT INTO outbox (consumer, destination, user_id, kind, payload, created_at)"
          " VALUES ('homeserver', '', :user, 'account', '{}', 0)",
          alice);
    }
  });
  EXPECT_THROW(sign_in(), Unavailable);
  EXPECT_THAT(fake_.take_lines(), IsEmpty());
  EXPECT_EQ(records(), 0);
  server_.db().write_now([](db::Tx& tx) { tx.run("DELETE FROM outbox WHERE created_at = 0"); });
  EXPECT_EQ(worth(sign_in()), Worth::active);
}

TEST_P(ProvisioningTest, ALoginTokenIsGoodForTheNextTry) {
  const auto phone = sign_in();
  const auto token = run(surface_.operations.make_login_token(std::get<self::ClientProof>(
                             confirmed(caller(phone.tokens.access_token)))))
                         .value();
  fake_.before = [](const std::string&) { return std::optional(failed()); };
  EXPECT_THROW(std::ignore = run(surface_.sign_in.with_token(0, token, device("TABLET"))),
               Unavailable);
  fake_.before = {};
  expect_taken_back("TABLET");
  EXPECT_TRUE(run(surface_.sign_in.with_token(0, token, device("TABLET"))).has_value());
  EXPECT_TRUE(fake_.has_device("alice", "TABLET"));
}

TEST_P(ProvisioningTest, ASignInThatIsRefusedAsksNothing) {
  EXPECT_FALSE(login("alice", "wrong", "PHONE").has_value());
  administration_.lock(accounts::testing::kOperator, "alice").value();
  EXPECT_FALSE(login("alice", "correct horse", "PHONE").has_value());
  EXPECT_THAT(fake_.take_lines(), IsEmpty());
}

TEST_P(ProvisioningTest, ADeviceWhoseSignInComesToNothingGoes) {
  fake_.after = [&](const std::string& line) {
    if (line != "put_device alice PHONE" || !fake_.has_device("alice", "PHONE")) return;
    fake_.after = {};
    administration_.set_password(accounts::testing::kOperator, "alice", "battery staple").value();
  };
  EXPECT_FALSE(login("alice", "correct horse", "PHONE").has_value());
  expect_taken_back("PHONE");
}

TEST_P(ProvisioningTest, ASignInWaitsForTheDeletionOfTheDeviceBefore) {
  const auto before = sign_in();
  ASSERT_TRUE(server_.sign_out(before.tokens.access_token).has_value());
  fake_.take_lines();
  auto again = std::async(std::launch::async, [&] { return sign_in(); });
  EXPECT_EQ(again.wait_for(100ms), std::future_status::timeout);
  EXPECT_THAT(fake_.take_lines(), IsEmpty());
  deliver();
  const auto after = again.get();
  EXPECT_EQ(worth(after), Worth::active);
  EXPECT_TRUE(fake_.has_device("alice", "PHONE"));
  deliver();
  EXPECT_TRUE(fake_.has_device("alice", "PHONE"));
}

TEST_P(ProvisioningTest, ItDoesNotWaitForEver) {
  const auto before = sign_in();
  ASSERT_TRUE(server_.sign_out(before.tokens.access_token).has_value());
  start({.patience = 50ms});
  EXPECT_THROW(sign_in(), Unavailable);
  EXPECT_TRUE(fake_.has_device("alice", "PHONE"));  // it was not told yet
  start();
  EXPECT_EQ(worth(sign_in("OTHER")), Worth::active);
}

// The deletion has been delivered by the time the sign-in would be committed: nothing waits.
TEST_P(ProvisioningTest, ADeviceThatIsDeletedWhileItIsMadeIsMadeOnceMore) {
  const auto before = sign_in();
  deliver();
  std::atomic<int> made = 0;
  fake_.after = [&](const std::string& line) {
    if (line != "put_device alice PHONE" || ++made > 1) return;
    ASSERT_TRUE(server_.sign_out(before.tokens.access_token).has_value());
    deliver();
    ASSERT_FALSE(fake_.has_device("alice", "PHONE"));
  };
  const auto after = sign_in();
  EXPECT_EQ(made, 2);
  EXPECT_EQ(worth(after), Worth::active);
  EXPECT_TRUE(fake_.has_device("alice", "PHONE"));
}

// Of two that make the same device one comes to nothing, and what it has made is taken back before
// the other is done.
TEST_P(ProvisioningTest, ASignInThatFailsTakesNothingFromAnother) {
  std::atomic<int> count = 0;
  fake_.before = [&](const std::string& line) -> std::optional<Trouble> {
    if (line != "put_device alice PHONE") return std::nullopt;
    const int which = ++count;
    if (which == 1) {
      EXPECT_TRUE(soon([&] { return count == 2; }));
      return failed();
    }
    if (which == 2) {
      EXPECT_TRUE(soon([&] { return !waiting().empty() && waiting().back() == "device"; }));
      deliver();
    }
    return std::nullopt;
  };
  auto first = std::async(std::launch::async, [&] { return sign_in(); });
  ASSERT_TRUE(soon([&] { return count == 1; }));
  const auto second = sign_in();
  EXPECT_THROW(first.get(), Unavailable);
  EXPECT_GE(count, 3) << "it was made once more";
  deliver();
  EXPECT_EQ(worth(second), Worth::active);
  EXPECT_TRUE(fake_.has_device("alice", "PHONE"));
}

TEST_P(ProvisioningTest, WhatAProcessLeftBehindIsTakenBack) {
  sign_in();
  deliver();
  provisioning_.reset();
  ASSERT_TRUE(fake_.put_device("alice", "LOST", {}, {}).has_value());
  server_.db().write_now([&](db::Tx& tx) {
    insert_record(tx, RecordId{1}, "alice", "LOST", server_.clock.now());
    insert_record(tx, RecordId{2}, "alice", "PHONE", server_.clock.now());
  });
  server_.clock.advance(1ms);
  start();
  expect_taken_back("LOST");
  EXPECT_TRUE(fake_.has_device("alice", "PHONE")) << "it is here";
}

TEST_P(ProvisioningTest, OfOtherNodesOnlyWhatIsOldIsTakenBack) {
  sign_in();
  deliver();
  ASSERT_TRUE(fake_.put_device("alice", "LOST", {}, {}).has_value());
  server_.db().write_now(
      [&](db::Tx& tx) { insert_record(tx, RecordId{1}, "alice", "LOST", server_.clock.now()); });
  provisioning_->sweep_now();
  EXPECT_EQ(records(), 1);
  server_.clock.advance(5min + 1ms);
  provisioning_->sweep_now();
  expect_taken_back("LOST");
}

TEST_P(ProvisioningTest, AServicesDeviceIsThereWithItsAnswer) {
  services::Service bridge{.id = "bridge",
                           .server_name = "example.com",
                           .sender_localpart = "alice",
                           .as_token = Secret("secret"),
                           .users = {}};
  signin::Caller who;
  who.identity.user = user("alice")->account.id;
  who.service = &bridge;
  using Put = self::Operations::Put;
  EXPECT_EQ(run(surface_.operations.put_device(who, "BRIDGE", "A bridge")), Put::created);
  EXPECT_EQ(fake_.user("alice").value().devices.at("BRIDGE"), "A bridge");
}

// --- registration ---

class RegisteringAtTheHomeserver : public testing::OnAHomeserver {
 protected:
  using Result = std::expected<registration::Registered, registration::RegistrationRefused>;
  using Why = registration::RegistrationRefused::Why;

  std::optional<Why> refused(const std::string& name) {
    const auto refusal = run(registration_.refuse(name));
    return refusal ? std::optional(refusal->why) : std::nullopt;
  }

  const services::Service bridge_{
      .id = "bridge",
      .server_name = "example.com",
      .sender_localpart = "bridge",
      .as_token = Secret("secret"),
      .users = {services::UserNamespace::compile("@bridge_.*", true).value()}};
  Result register_ghost(const std::string& name, bool inhibit_login) {
    return run(registration_.create_for(0, bridge_,
                                        {.username = name,
                                         .password = std::nullopt,
                                         .inhibit_login = inhibit_login,
                                         .session = device("BRIDGE")}));
  }

  registration::Registration registration_{{.ground = server_.ground(),
                                            .sessions = *server_,
                                            .passwords = passwords_,
                                            .limits = surface_.limits,
                                            .auth = surface_.auth,
                                            .services = surface_.services,
                                            .options = surface_.setup.registration,
                                            .terms = surface_.setup.terms,
                                            .server_name = "example.com",
                                            .homeserver = &*provisioning_}};
};

INSTANTIATE_TEST_SUITE_P(Engines, RegisteringAtTheHomeserver, db::engines(), db::engine_name);

TEST_P(RegisteringAtTheHomeserver, ANameThatTheHomeserverRefusesIsRefused) {
  EXPECT_EQ(refused("bob"), std::nullopt);
  fake_.name = NameState::taken;
  EXPECT_EQ(refused("bob"), Why::username_taken);
  fake_.name = NameState::exclusive;
  EXPECT_EQ(refused("bob"), Why::exclusive);
  fake_.name = NameState::invalid;
  EXPECT_EQ(refused("bob"), Why::invalid_username);
}

TEST_P(RegisteringAtTheHomeserver, ANameThatItNeverTakesIsNotTriedAgain) {
  fake_.before = [](const std::string&) {
    return std::optional(Trouble{Trouble::Kind::refused, "too long"});
  };
  EXPECT_THROW(refused("bob"), Refused);
}

TEST_P(RegisteringAtTheHomeserver, OnlyRegistrationNeedsItToAnswer) {
  fake_.before = [](const std::string&) { return std::optional(failed()); };
  EXPECT_THROW(refused("bob"), Unavailable);
}

TEST_P(RegisteringAtTheHomeserver, AServicesUserIsThereWithOrWithoutASession) {
  ASSERT_TRUE(register_ghost("bridge_one", true).has_value());
  EXPECT_TRUE(fake_.user("bridge_one").has_value());
  ASSERT_TRUE(register_ghost("bridge_two", false).has_value());
  EXPECT_TRUE(fake_.has_device("bridge_two", "BRIDGE"));
}

// The user is there, and nobody can have used it: the name is not lost.
TEST_P(RegisteringAtTheHomeserver, ANameWhoseRegistrationCameToNothingIsFree) {
  fake_.before = [](const std::string& line) {
    return line.starts_with("put_device") ? std::optional(failed()) : std::nullopt;
  };
  EXPECT_THROW(std::ignore = register_ghost("bridge_one", false), Unavailable);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM users WHERE localpart = 'bridge_one'"), 0);
  fake_.before = {};
  ASSERT_TRUE(soon([&] { return records() == 0; }));
  deliver();
  fake_.name = NameState::taken;
  EXPECT_EQ(run(provisioning_->state_of_name("bridge_one")), NameState::free);
  ASSERT_TRUE(register_ghost("bridge_one", false).has_value());
  EXPECT_EQ(run(provisioning_->state_of_name("bridge_one")), NameState::taken);
}

}  // namespace
}  // namespace latchkey::homeserver
