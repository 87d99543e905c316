// What people do to their own accounts: passwords (MSC2457), deactivation, devices, login tokens.
#include "domain/self/own_account.h"

#include <gtest/gtest.h>

#include "domain/self/self_testing.h"

namespace latchkey::self {
namespace {

using namespace std::chrono_literals;
using sessions::EndReason;
using sessions::Worth;
using sessions::testing::run;
using Why = signin::LoginRefused::Why;

class OwnAccountTest : public self::testing::SigninOnEachEngine {
 protected:
  OwnAccountTest() {
    administration_.create_user(accounts::testing::kOperator, "alice", "correct horse", false)
        .value();
    phone_ = login("alice", "correct horse", "PHONE").value();
    laptop_ = login("alice", "correct horse", "LAPTOP").value();
  }

  OwnAccountResult<> change(const signin::SignedIn& from, bool logout_devices,
                            confirm::AuthPassed passed = {}) {
    return run(surface_.own_account.change_password(
        caller(from.tokens.access_token), "battery staple", logout_devices, std::move(passed)));
  }
  Worth access(const signin::SignedIn& of) { return server_.check(of.tokens.access_token).worth; }
  bool refreshes(const signin::SignedIn& of) {
    return server_.refresh(*of.tokens.refresh_token).has_value();
  }
  std::optional<Worth> refused_refresh(const signin::SignedIn& of) {
    const auto pair = server_.refresh(*of.tokens.refresh_token);
    return pair ? std::nullopt : std::optional(pair.error().worth);
  }
  std::string login_token(const signin::SignedIn& from) {
    return run(surface_.own_account.make_login_token(caller(from.tokens.access_token), {})).value();
  }
  signin::SignIn::Result by_token(const std::string& token) {
    return run(surface_.sign_in.with_token(0, token, device("TABLET")));
  }

  signin::SignedIn phone_;
  signin::SignedIn laptop_;
};

INSTANTIATE_TEST_SUITE_P(Engines, OwnAccountTest, db::engines(), db::engine_name);

TEST_P(OwnAccountTest, ANewPasswordSignsTheOthersOutForGood) {
  ASSERT_TRUE(change(phone_, true).has_value());
  EXPECT_EQ(access(laptop_), Worth::ended);
  EXPECT_EQ(refused_refresh(laptop_), Worth::ended);
  EXPECT_EQ(access(phone_), Worth::active);
  EXPECT_TRUE(refreshes(phone_));
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM sessions WHERE ended = 2 AND end_reason = :why",
                          EndReason::password_changed),
            1);
  EXPECT_EQ(login("alice", "correct horse").error().why, Why::wrong_credentials);
  EXPECT_TRUE(login("alice", "battery staple").has_value());
}

TEST_P(OwnAccountTest, OrLeavesThemAllAlone) {
  ASSERT_TRUE(change(phone_, false).has_value());
  for (const signin::SignedIn& one : {phone_, laptop_}) {
    EXPECT_EQ(access(one), Worth::active);
    EXPECT_TRUE(refreshes(one));
  }
  EXPECT_EQ(login("alice", "correct horse").error().why, Why::wrong_credentials);
}

// A tab that holds the tokens of before the last sign-in to the same device shares its store.
TEST_P(OwnAccountTest, TheCallersDeviceKeepsWhatIsSoft) {
  const auto again = login("alice", "correct horse", "PHONE").value();
  ASSERT_EQ(access(phone_), Worth::soft);
  ASSERT_TRUE(change(again, true).has_value());
  EXPECT_EQ(access(phone_), Worth::soft);
  EXPECT_EQ(access(again), Worth::active);
  EXPECT_EQ(access(laptop_), Worth::ended);
}

TEST_P(OwnAccountTest, SoftlyEndedSessionsOfOthersEndForGoodToo) {
  administration_.soft_logout_user(accounts::testing::kOperator, "alice").value();
  const auto tablet = login("alice", "correct horse", "TABLET").value();
  ASSERT_EQ(access(laptop_), Worth::soft);
  ASSERT_TRUE(change(tablet, true).has_value());
  EXPECT_EQ(access(laptop_), Worth::ended);
  EXPECT_EQ(access(phone_), Worth::ended);
}

TEST_P(OwnAccountTest, AConfirmationIsGoodForOneChange) {
  const confirm::AuthPassed passed{.hash = "of no session"};
  const auto refused = change(phone_, true, passed);
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(std::holds_alternative<AuthUsedUp>(refused.error()));
  EXPECT_EQ(access(laptop_), Worth::active);
  EXPECT_TRUE(login("alice", "correct horse").has_value());
}

// The other device has signed everybody out while this one was typing the password.
TEST_P(OwnAccountTest, ACallerWhoWasSignedOutMeanwhileChangesNothing) {
  const signin::Caller phone = caller(phone_.tokens.access_token);
  ASSERT_TRUE(change(laptop_, true).has_value());
  const auto refused = run(surface_.own_account.change_password(phone, "third password", true, {}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(std::get<sessions::Standing>(refused.error()).worth, Worth::ended);
  EXPECT_EQ(access(laptop_), Worth::active);
  EXPECT_TRUE(login("alice", "battery staple").has_value());
}

// Whoever knew the old password and was being checked while it was changed stays outside.
TEST_P(OwnAccountTest, ASignInWithTheOldPasswordDoesNotOutliveTheChange) {
  const auto checked =
      run(surface_.check.check(signin::UserName{"alice"}, "correct horse", "192.0.2.9")).value();
  ASSERT_TRUE(change(phone_, true).has_value());
  const auto account = server_.db().write_now(
      [&](db::Tx& tx) { return signin::PasswordCheck::lock_if_unchanged(tx, checked); });
  EXPECT_FALSE(account.has_value());
}

TEST_P(OwnAccountTest, DeactivationEndsEverythingAndIsToldToWhoKnowsThePassword) {
  const signin::Caller phone = caller(phone_.tokens.access_token);
  ASSERT_TRUE(run(surface_.own_account.deactivate(phone, false, {})).has_value());
  for (const signin::SignedIn& one : {phone_, laptop_}) {
    EXPECT_EQ(access(one), Worth::ended);
    EXPECT_EQ(refused_refresh(one), Worth::ended);
  }
  EXPECT_EQ(login("alice", "correct horse").error().why, Why::account_deactivated);
  EXPECT_EQ(login("alice", "wrong horse").error().why, Why::wrong_credentials);
  EXPECT_TRUE(server_.db().read_now([](db::Tx& tx) { return accounts::name_taken(tx, "alice"); }));
}

TEST_P(OwnAccountTest, ErasureForgetsThePasswordToo) {
  const signin::Caller phone = caller(phone_.tokens.access_token);
  ASSERT_TRUE(run(surface_.own_account.deactivate(phone, true, {})).has_value());
  EXPECT_EQ(access(laptop_), Worth::ended);
  EXPECT_EQ(login("alice", "correct horse").error().why, Why::wrong_credentials);
}

TEST_P(OwnAccountTest, DeletedDevicesTakeTheirTokensAlong) {
  const signin::Caller phone = caller(phone_.tokens.access_token);
  const auto deleted = run(surface_.own_account.delete_devices(phone, {"LAPTOP", "NONE"}, {}));
  ASSERT_TRUE(deleted.has_value());
  EXPECT_EQ(access(laptop_), Worth::ended);
  EXPECT_EQ(access(phone_), Worth::active);
  EXPECT_FALSE(run(surface_.own_devices.find(phone, "LAPTOP")).has_value());
  EXPECT_TRUE(run(surface_.own_devices.ever_had(phone, "LAPTOP")));
  EXPECT_FALSE(run(surface_.own_devices.ever_had(phone, "NONE")));
}

TEST_P(OwnAccountTest, DevicesSayWhenAndWhenceTheyWereSeen) {
  const signin::Caller phone = caller(phone_.tokens.access_token);
  const auto devices = run(surface_.own_devices.list(phone));
  ASSERT_EQ(devices.size(), 2u);
  for (const auto& one : devices) {
    EXPECT_TRUE(one.id == "PHONE" || one.id == "LAPTOP");
    EXPECT_EQ(one.last_seen_at, sessions::testing::kNoon);
  }
  using Put = OwnDevices::Put;
  EXPECT_EQ(run(surface_.own_devices.put(phone, "LAPTOP", "Her laptop")), Put::updated);
  EXPECT_EQ(run(surface_.own_devices.put(phone, "LAPTOP", std::nullopt)), Put::updated);
  EXPECT_EQ(run(surface_.own_devices.find(phone, "LAPTOP"))->display_name, "Her laptop");
  EXPECT_EQ(run(surface_.own_devices.put(phone, "TABLET", "New")), Put::no_such_device);
}

TEST_P(OwnAccountTest, ALoginTokenSignsInOnce) {
  const std::string token = login_token(phone_);
  EXPECT_TRUE(token.starts_with("lkl_"));
  const auto signed_in = by_token(token);
  ASSERT_TRUE(signed_in.has_value());
  EXPECT_EQ(signed_in->localpart, "alice");
  EXPECT_EQ(signed_in->device_id, "TABLET");
  EXPECT_EQ(by_token(token).error().why, Why::token_not_good);
  EXPECT_EQ(access(*signed_in), Worth::active);
}

TEST_P(OwnAccountTest, ALoginTokenIsShortLived) {
  const std::string token = login_token(phone_);
  server_.clock.advance(2min);
  EXPECT_EQ(by_token(token).error().why, Why::token_not_good);
  const std::string other = login_token(phone_);
  server_.clock.advance(2min - 1ms);
  EXPECT_TRUE(by_token(other).has_value());
}

TEST_P(OwnAccountTest, ALoginTokenDiesWithTheSessionThatAskedForIt) {
  const std::string of_laptop = login_token(laptop_);
  const std::string of_phone = login_token(phone_);
  ASSERT_TRUE(change(phone_, true).has_value());
  EXPECT_EQ(by_token(of_laptop).error().why, Why::token_not_good);
  EXPECT_TRUE(by_token(of_phone).has_value());
}

TEST_P(OwnAccountTest, NoOtherTokenIsALoginToken) {
  for (const std::string& token : {phone_.tokens.access_token, *phone_.tokens.refresh_token,
                                   std::string("lkl_"), std::string()}) {
    EXPECT_EQ(by_token(token).error().why, Why::token_not_good) << token;
  }
  EXPECT_EQ(access(phone_), Worth::active);
}

}  // namespace
}  // namespace latchkey::self
