// What is told of what people and administrators do: which events, in which order, and once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/events/events_testing.h"
#include "domain/self/self_testing.h"

namespace latchkey::self {
namespace {

using namespace std::chrono_literals;
using accounts::testing::kOperator;
using sessions::testing::run;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ToldTest : public testing::SigninOnEachEngine {
 protected:
  ToldTest() {
    administration_.create_user(kOperator, "alice", "correct horse", false).value();
    phone_ = login("alice", "correct horse", "PHONE").value();
    here_ = browser();
    heard_.take();
  }

  signin::BrowserSignedIn browser() {
    return run(surface_.browsers.sign_in(signin::UserName{"alice"}, "correct horse",
                                         {"192.0.2.1", "Firefox"}, ""))
        .value();
  }
  Task<bool> end_browser() {
    co_await surface_.browsers.end(here_.session.account.id, here_.session.id);
    co_return true;
  }
  Operations& account() { return surface_.operations; }
  Proof here() const { return proof_of(here_.session); }
  std::vector<std::string> heard() { return heard_.take(); }

  // Hears after the room's own listeners, as what leaves the server does.
  events::testing::Heard heard_{server_.events};
  signin::SignedIn phone_;
  signin::BrowserSignedIn here_;
};

INSTANTIATE_TEST_SUITE_P(Engines, ToldTest, db::engines(), db::engine_name);

TEST_P(ToldTest, SigningIn) {
  auto wanted = device("LAPTOP");
  wanted.device.display_name = "Laptop";
  run(surface_.sign_in.with_password(0, signin::UserName{"alice"}, "correct horse", wanted))
      .value();
  EXPECT_THAT(heard(), ElementsAre("device added LAPTOP Laptop", "session started"));
  // Again on the same device.
  run(surface_.sign_in.with_password(0, signin::UserName{"alice"}, "correct horse", wanted))
      .value();
  EXPECT_THAT(heard(), ElementsAre("session ended softly (20)", "session started"));
  browser();
  EXPECT_THAT(heard(), ElementsAre("browser started"));
  EXPECT_FALSE(login("alice", "wrong").has_value());
  EXPECT_THAT(heard(), IsEmpty());
}

TEST_P(ToldTest, Registering) {
  administration_.create_user(kOperator, "bob", {}, false).value();
  EXPECT_THAT(heard(), ElementsAre("account created bob"));
  EXPECT_FALSE(administration_.create_user(kOperator, "bob", {}, false).has_value());
  EXPECT_THAT(heard(), IsEmpty());
}

TEST_P(ToldTest, UsingATokenTellsNothing) {
  server_.check(phone_.tokens.access_token);
  const auto pair = server_.refresh(phone_.tokens.refresh_token.value()).value();
  server_.check(pair.access_token);
  server_->flush_promotions();
  EXPECT_THAT(heard(), IsEmpty());
}

TEST_P(ToldTest, ARefreshTokenThatIsUsedAgain) {
  const std::string old = phone_.tokens.refresh_token.value();
  const auto pair = server_.refresh(old).value();
  server_.check(pair.access_token);
  server_.clock.advance(10min);
  EXPECT_FALSE(server_.refresh(old).has_value());
  EXPECT_THAT(heard(), ElementsAre("session ended softly (21)"));
}

TEST_P(ToldTest, SigningOut) {
  EXPECT_TRUE(server_.sign_out(phone_.tokens.access_token).has_value());
  EXPECT_THAT(heard(), ElementsAre("session ended (1)", "device deleted PHONE (1)"));
  // It is over already.
  EXPECT_FALSE(server_.sign_out(phone_.tokens.access_token).has_value());
  EXPECT_THAT(heard(), IsEmpty());
  EXPECT_TRUE(run(end_browser()));
  EXPECT_THAT(heard(), ElementsAre("browser ended"));
  EXPECT_TRUE(run(end_browser()));
  EXPECT_THAT(heard(), IsEmpty());
}

TEST_P(ToldTest, SigningOutEverywhere) {
  const auto other = browser();
  heard();
  EXPECT_TRUE(run(account().sign_out_everywhere(here())).has_value());
  // What the event ends in turn is told before the event reaches those who listen last.
  EXPECT_THAT(heard(), ElementsAre("session ended (2)", "device deleted PHONE (2)", "browser ended",
                                   "signed out everywhere (2) except here"));
  const auto phone = login("alice", "correct horse", "PHONE").value();
  heard();
  server_.sign_out_everywhere(phone.tokens.access_token).value();
  EXPECT_THAT(heard(), ElementsAre("session ended (2)", "device deleted PHONE (2)", "browser ended",
                                   "signed out everywhere (2)"));
}

TEST_P(ToldTest, Devices) {
  EXPECT_TRUE(run(account().rename_device(here(), "PHONE", "Mine")).has_value());
  EXPECT_THAT(heard(), ElementsAre("device renamed PHONE Mine"));
  EXPECT_FALSE(run(account().rename_device(here(), "NONE", "Mine")).has_value());
  EXPECT_THAT(heard(), IsEmpty());
  EXPECT_TRUE(run(account().delete_devices(here(), {"PHONE"})).has_value());
  EXPECT_THAT(heard(), ElementsAre("session ended (3)", "device deleted PHONE (3)"));
}

TEST_P(ToldTest, Passwords) {
  const auto other = browser();
  heard();
  EXPECT_TRUE(run(account().change_password(here_.session, "correct horse", "battery staple", true))
                  .has_value());
  EXPECT_THAT(heard(),
              ElementsAre("browser ended", "password replaced (0) except here", "session ended (4)",
                          "device deleted PHONE (4)", "signed out everywhere (4) except here"));
  EXPECT_TRUE(administration_.set_password(kOperator, "alice", "correct horse").has_value());
  EXPECT_THAT(heard(), ElementsAre("browser ended", "password replaced (2)"));
  const auto link = administration_.recovery_link(kOperator, "alice", 1h).value().token;
  EXPECT_TRUE(run(account().recover(link, "battery staple", false, {})).has_value());
  EXPECT_THAT(heard(), ElementsAre("password replaced (1)", "browser started"));
}

TEST_P(ToldTest, TheDisplayName) {
  EXPECT_TRUE(run(account().set_display_name(here(), "Alice")).has_value());
  EXPECT_TRUE(run(account().set_display_name(here(), "")).has_value());
  EXPECT_THAT(heard(), ElementsAre("display name Alice", "display name none"));
}

TEST_P(ToldTest, StatesOfAnAccountWhenTheyChange) {
  for (int twice = 0; twice < 2; ++twice) administration_.lock(kOperator, "alice").value();
  for (int twice = 0; twice < 2; ++twice) administration_.unlock(kOperator, "alice").value();
  EXPECT_THAT(heard(), ElementsAre("account locked", "account unlocked"));
  for (int twice = 0; twice < 2; ++twice) administration_.suspend(kOperator, "alice").value();
  for (int twice = 0; twice < 2; ++twice) administration_.unsuspend(kOperator, "alice").value();
  EXPECT_THAT(heard(), ElementsAre("account suspended", "account unsuspended"));
  administration_.set_admin(kOperator, "alice", true).value();
  administration_.set_admin(kOperator, "alice", false).value();
  EXPECT_THAT(heard(), ElementsAre("administrator", "no administrator"));
}

TEST_P(ToldTest, DeactivatingErasingAndReactivating) {
  administration_.deactivate(kOperator, "alice", false).value();
  EXPECT_THAT(heard(), ElementsAre("session ended (6)", "device deleted PHONE (6)", "browser ended",
                                   "signed out everywhere (6)", "account deactivated"));
  administration_.deactivate(kOperator, "alice", true).value();
  EXPECT_THAT(heard(),
              ElementsAre("signed out everywhere (6)", "password replaced (3)", "account erased"));
  administration_.reactivate(kOperator, "alice").value();
  EXPECT_THAT(heard(), ElementsAre("password replaced (3)", "account reactivated"));
}

TEST_P(ToldTest, WhatAdministratorsEndSoftly) {
  administration_.soft_logout_user(kOperator, "alice").value();
  EXPECT_THAT(heard(), ElementsAre("session ended softly (22)", "browser ended",
                                   "signed out everywhere (22)"));
  administration_.soft_logout_everybody(kOperator);
  EXPECT_THAT(heard(), ElementsAre("everybody signed out (22)"));
}

TEST_P(ToldTest, BrowsersThatAreOver) {
  server_.clock.advance(24h * 15);
  surface_.browsers.purge();
  EXPECT_THAT(heard(), ElementsAre("browser ended"));
}

// Nothing is told of what was taken back.
TEST_P(ToldTest, AListenerThatThrowsTakesBackTheOperation) {
  server_.events.listen<events::DeviceDeleted>(
      [](db::Tx&, const events::DeviceDeleted&) { throw std::runtime_error("no"); });
  EXPECT_THROW(std::ignore = server_.sign_out(phone_.tokens.access_token), std::runtime_error);
  EXPECT_TRUE(server_.check(phone_.tokens.access_token).active());
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM devices WHERE deleted_at IS NULL"), 1);
}

}  // namespace
}  // namespace latchkey::self
