// What people do to their own accounts in a client: passwords (MSC2457), deactivation, devices,
// login tokens.
#include <gtest/gtest.h>

#include "domain/self/operations.h"
#include "domain/self/self_testing.h"
#include "platform/error_testing.h"

namespace latchkey::self {
namespace {

using namespace std::chrono_literals;
using sessions::EndReason;
using sessions::Worth;
using sessions::testing::run;
using Why = signin::LoginRefused::Why;

class ClientOperations : public self::testing::SigninOnEachEngine {
 protected:
  ClientOperations() {
    administration_.create_user(accounts::testing::kOperator, "alice", "correct horse", false)
        .value();
    phone_ = login("alice", "correct horse", "PHONE").value();
    laptop_ = login("alice", "correct horse", "LAPTOP").value();
  }

  Proof proof(const signin::SignedIn& of) { return confirmed(caller(of.tokens.access_token)); }
  Result<> change(const Proof& proof, bool logout_devices,
                  const std::string& wanted = "battery staple") {
    return run(surface_.operations.change_password(proof, wanted, logout_devices));
  }
  Result<> change(const signin::SignedIn& from, bool logout_devices) {
    return change(proof(from), logout_devices);
  }
  Worth access(const signin::SignedIn& of) { return server_.check(of.tokens.access_token).worth; }
  bool refreshes(const signin::SignedIn& of) {
    return server_.refresh(*of.tokens.refresh_token).has_value();
  }
  std::optional<Worth> refused_refresh(const signin::SignedIn& of) {
    const auto pair = server_.refresh(*of.tokens.refresh_token);
    return pair ? std::nullopt : std::optional(error_of(pair).worth);
  }
  std::string login_token(const signin::SignedIn& from) {
    return run(surface_.operations.make_login_token(std::get<ClientProof>(proof(from)))).value();
  }
  signin::SignIn::Result by_token(const std::string& token) {
    return run(surface_.sign_in.with_token(0, token, device("TABLET")));
  }

  signin::SignedIn phone_;
  signin::SignedIn laptop_;
};

INSTANTIATE_TEST_SUITE_P(Engines, ClientOperations, db::engines(), db::engine_name);

TEST_P(ClientOperations, ANewPasswordSignsTheOthersOutForGood) {
  ASSERT_TRUE(change(phone_, true).has_value());
  EXPECT_EQ(access(laptop_), Worth::ended);
  EXPECT_EQ(refused_refresh(laptop_), Worth::ended);
  EXPECT_EQ(access(phone_), Worth::active);
  EXPECT_TRUE(refreshes(phone_));
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM sessions WHERE ended = 2 AND end_reason = :why",
                          EndReason::password_changed),
            1);
  EXPECT_EQ(error_of(login("alice", "correct horse")).why, Why::wrong_credentials);
  EXPECT_TRUE(login("alice", "battery staple").has_value());
}

TEST_P(ClientOperations, OrLeavesThemAllAlone) {
  ASSERT_TRUE(change(phone_, false).has_value());
  for (const signin::SignedIn& one : {phone_, laptop_}) {
    EXPECT_EQ(access(one), Worth::active);
    EXPECT_TRUE(refreshes(one));
  }
  EXPECT_EQ(error_of(login("alice", "correct horse")).why, Why::wrong_credentials);
}

// A tab that holds the tokens of before the last sign-in to the same device shares its store.
TEST_P(ClientOperations, TheCallersDeviceKeepsWhatIsSoft) {
  const auto again = login("alice", "correct horse", "PHONE").value();
  ASSERT_EQ(access(phone_), Worth::soft);
  ASSERT_TRUE(change(again, true).has_value());
  EXPECT_EQ(access(phone_), Worth::soft);
  EXPECT_EQ(access(again), Worth::active);
  EXPECT_EQ(access(laptop_), Worth::ended);
}

TEST_P(ClientOperations, SoftlyEndedSessionsOfOthersEndForGoodToo) {
  administration_.soft_logout_user(accounts::testing::kOperator, "alice").value();
  const auto tablet = login("alice", "correct horse", "TABLET").value();
  ASSERT_EQ(access(laptop_), Worth::soft);
  ASSERT_TRUE(change(tablet, true).has_value());
  EXPECT_EQ(access(laptop_), Worth::ended);
  EXPECT_EQ(access(phone_), Worth::ended);
}

TEST_P(ClientOperations, AConfirmationIsGoodForOneChange) {
  Proof used_up = proof(phone_);
  std::get<ClientProof>(used_up).passed.hash = "of no session";
  const auto refused = change(used_up, true);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(error_of(refused).why, Refused::Why::confirmation_used_up);
  EXPECT_EQ(access(laptop_), Worth::active);
  EXPECT_TRUE(login("alice", "correct horse").has_value());
}

TEST_P(ClientOperations, AConfirmationOfAnotherIsAFault) {
  administration_.create_user(accounts::testing::kOperator, "bob", "correct horse", false).value();
  const UserId bob = user("bob")->account.id;
  const Proof good = proof(phone_);
  for (const std::optional<UserId> subject : {std::optional<UserId>(), std::optional(bob)}) {
    Proof of_another = good;
    std::get<ClientProof>(of_another).passed.subject = subject;
    EXPECT_THROW(std::ignore = change(of_another, true), std::logic_error);
  }
  Proof of_bobs_account = good;
  std::get<ClientProof>(of_bobs_account).user = bob;
  EXPECT_THROW(std::ignore = change(of_bobs_account, true), std::logic_error);
  EXPECT_EQ(access(laptop_), Worth::active);
  EXPECT_TRUE(login("alice", "correct horse", "PHONE").has_value());
  EXPECT_TRUE(login("bob", "correct horse").has_value());
}

// The other device has signed everybody out while this one was typing the password.
TEST_P(ClientOperations, ACallerWhoWasSignedOutMeanwhileChangesNothing) {
  const Proof phone = proof(phone_);
  ASSERT_TRUE(change(laptop_, true).has_value());
  const auto refused = change(phone, true, "third password");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(error_of(refused).why, Refused::Why::session_over);
  EXPECT_EQ(error_of(refused).standing.worth, Worth::ended);
  EXPECT_EQ(access(laptop_), Worth::active);
  EXPECT_TRUE(login("alice", "battery staple").has_value());
}

// Whoever knew the old password and was being checked while it was changed stays outside.
TEST_P(ClientOperations, ASignInWithTheOldPasswordDoesNotOutliveTheChange) {
  const auto checked =
      run(surface_.check.check(signin::UserName{"alice"}, "correct horse", "192.0.2.9")).value();
  ASSERT_TRUE(change(phone_, true).has_value());
  const auto account = server_.db().write_now(
      [&](db::Tx& tx) { return signin::PasswordCheck::lock_if_unchanged(tx, checked); });
  EXPECT_FALSE(account.has_value());
}

TEST_P(ClientOperations, DeactivationEndsEverythingAndIsToldToWhoKnowsThePassword) {
  ASSERT_TRUE(run(surface_.operations.deactivate(proof(phone_), false)).has_value());
  for (const signin::SignedIn& one : {phone_, laptop_}) {
    EXPECT_EQ(access(one), Worth::ended);
    EXPECT_EQ(refused_refresh(one), Worth::ended);
  }
  EXPECT_EQ(error_of(login("alice", "correct horse")).why, Why::account_deactivated);
  EXPECT_EQ(error_of(login("alice", "wrong horse")).why, Why::wrong_credentials);
  EXPECT_TRUE(server_.db().read_now([](db::Tx& tx) { return accounts::name_taken(tx, "alice"); }));
}

TEST_P(ClientOperations, ErasureForgetsThePasswordToo) {
  ASSERT_TRUE(run(surface_.operations.deactivate(proof(phone_), true)).has_value());
  EXPECT_EQ(access(laptop_), Worth::ended);
  EXPECT_EQ(error_of(login("alice", "correct horse")).why, Why::wrong_credentials);
}

TEST_P(ClientOperations, DeletedDevicesTakeTheirTokensAlong) {
  const signin::Caller phone = caller(phone_.tokens.access_token);
  const auto deleted =
      run(surface_.operations.delete_devices(confirmed(phone), {"LAPTOP", "NONE"}));
  ASSERT_EQ(deleted, 1U);
  EXPECT_EQ(access(laptop_), Worth::ended);
  EXPECT_EQ(access(phone_), Worth::active);
  EXPECT_FALSE(run(surface_.overview.find_device(phone.identity.user, "LAPTOP")).has_value());
  EXPECT_TRUE(run(surface_.overview.ever_had_device(phone.identity.user, "LAPTOP")));
  EXPECT_FALSE(run(surface_.overview.ever_had_device(phone.identity.user, "NONE")));
}

TEST_P(ClientOperations, DevicesSayWhenAndWhenceTheyWereSeen) {
  const signin::Caller phone = caller(phone_.tokens.access_token);
  const auto devices = run(surface_.overview.list_devices(phone.identity.user));
  ASSERT_EQ(devices.size(), 2u);
  for (const auto& one : devices) {
    EXPECT_TRUE(one.id == "PHONE" || one.id == "LAPTOP");
    EXPECT_EQ(one.last_used_at, sessions::testing::kNoon);
  }
  using Put = Operations::Put;
  EXPECT_EQ(run(surface_.operations.put_device(phone, "LAPTOP", "Her laptop")), Put::updated);
  EXPECT_EQ(run(surface_.operations.put_device(phone, "LAPTOP", std::nullopt)), Put::updated);
  EXPECT_EQ(run(surface_.overview.find_device(phone.identity.user, "LAPTOP"))->display_name,
            "Her laptop");
  EXPECT_EQ(run(surface_.operations.put_device(phone, "TABLET", "New")), Put::no_such_device);
}

TEST_P(ClientOperations, ALoginTokenSignsInOnce) {
  const std::string token = login_token(phone_);
  EXPECT_TRUE(token.starts_with("lkl_"));
  const auto signed_in = by_token(token);
  ASSERT_TRUE(signed_in.has_value());
  EXPECT_EQ(signed_in->localpart, "alice");
  EXPECT_EQ(signed_in->device_id, "TABLET");
  EXPECT_EQ(error_of(by_token(token)).why, Why::token_not_good);
  EXPECT_EQ(access(*signed_in), Worth::active);
}

TEST_P(ClientOperations, ALoginTokenIsShortLived) {
  const std::string token = login_token(phone_);
  server_.clock.advance(2min);
  EXPECT_EQ(error_of(by_token(token)).why, Why::token_not_good);
  const std::string other = login_token(phone_);
  server_.clock.advance(2min - 1ms);
  EXPECT_TRUE(by_token(other).has_value());
}

TEST_P(ClientOperations, AClockSetBackProlongsNoLoginToken) {
  const std::string token = login_token(phone_);
  server_.clock.advance(-1h);
  EXPECT_EQ(error_of(by_token(token)).why, Why::token_not_good);
}

TEST_P(ClientOperations, ALoginTokenDiesWithTheSessionThatAskedForIt) {
  const std::string of_laptop = login_token(laptop_);
  const std::string of_phone = login_token(phone_);
  ASSERT_TRUE(change(phone_, true).has_value());
  EXPECT_EQ(error_of(by_token(of_laptop)).why, Why::token_not_good);
  EXPECT_TRUE(by_token(of_phone).has_value());
}

TEST_P(ClientOperations, NoOtherTokenIsALoginToken) {
  for (const std::string& token : {phone_.tokens.access_token, *phone_.tokens.refresh_token,
                                   std::string("lkl_"), std::string()}) {
    EXPECT_EQ(error_of(by_token(token)).why, Why::token_not_good) << token;
  }
  EXPECT_EQ(access(phone_), Worth::active);
}

TEST_P(ClientOperations, AnOperatorsProofIsGoodForAnAccountInUse) {
  const UserId alice = user("alice")->account.id;
  const Proof in_use = OperatorProof{.user = alice};
  const Proof any = OperatorProof{.user = alice, .deactivated_too = true};
  const auto rename = [&](const Proof& proof, const std::string& device) {
    return run(surface_.operations.rename_device(proof, device, "Renamed"));
  };
  EXPECT_TRUE(rename(in_use, "PHONE").has_value());
  EXPECT_EQ(error_of(rename(in_use, "NONE")).why, Refused::Why::no_such_device);
  administration_.lock(accounts::testing::kOperator, "alice").value();
  EXPECT_TRUE(rename(in_use, "PHONE").has_value()) << "a lock keeps no operator out";

  // Nothing of the person's goes on.
  ASSERT_TRUE(change(in_use, true).has_value());
  EXPECT_EQ(access(phone_), Worth::ended);
  EXPECT_EQ(access(laptop_), Worth::ended);

  ASSERT_TRUE(run(surface_.operations.deactivate(in_use, false)).has_value());
  EXPECT_EQ(error_of(rename(in_use, "PHONE")).why, Refused::Why::account_deactivated);
  EXPECT_EQ(error_of(rename(any, "PHONE")).why, Refused::Why::no_such_device);
  EXPECT_TRUE(run(surface_.operations.deactivate(any, true)).has_value());
}

}  // namespace
}  // namespace latchkey::self
