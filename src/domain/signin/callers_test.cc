// Who asks: a session's token, or an application service's with an identity asserted (MSC4326).
#include "domain/signin/callers.h"

#include <gtest/gtest.h>

#include "domain/self/self_testing.h"
#include "domain/services/services_testing.h"
#include "platform/error_testing.h"

namespace latchkey::signin {
namespace {

using accounts::testing::kOperator;
using services::testing::Files;
using sessions::Worth;
using sessions::testing::run;
using sessions::testing::TestSessions;
using Why = CallerRefused::Why;
using Put = self::Operations::Put;

class CallersTest : public self::testing::SigninOnEachEngine {
 protected:
  CallersTest() {
    for (const char* name : {"irc_bot", "irc_bob", "mail_bot", "alice"}) {
      administration_.create_user(kOperator, name, "correct horse", false).value();
    }
  }

  std::expected<Caller, CallerRefused> ask(std::optional<std::string> user = {},
                                           std::optional<std::string> device = {}) {
    return run(callers_.identify(TestSessions::use(), Files::token("irc"),
                                 {std::move(user), std::move(device)}));
  }
  Caller bob() { return ask("@irc_bob:example.com").value(); }
  Put put(const Caller& who, const std::string& id, std::optional<std::string> name = {}) {
    return run(surface_.operations.put_device(who, id, std::move(name)));
  }

  static services::Services load() {
    Files files;
    files.add("irc");
    files.add("mail");
    return files.load().value();
  }
  const services::Services services_ = load();
  Callers callers_{server_.ground(), *server_, services_, "example.com"};
};

INSTANTIATE_TEST_SUITE_P(Engines, CallersTest, db::engines(), db::engine_name);

TEST_P(CallersTest, APersonIsWhomTheTokenSays) {
  const auto phone = login("alice", "correct horse").value();
  for (const Asserted& asserted :
       {Asserted{}, Asserted{"@irc_bob:example.com", {}}, Asserted{{}, "NONE"}}) {
    const auto who =
        run(callers_.identify(TestSessions::use(), phone.tokens.access_token, asserted)).value();
    EXPECT_FALSE(who.is_service());
    EXPECT_EQ(who.identity.localpart, "alice");
    EXPECT_EQ(who.identity.device_id, "PHONE");
    EXPECT_TRUE(who.identity.session.has_value());
  }
}

TEST_P(CallersTest, ATokenThatIsNotGoodSaysWhy) {
  const auto phone = login("alice", "correct horse").value();
  const auto worth = [&](std::string_view token) {
    const auto refused = error_of(run(callers_.identify(TestSessions::use(), token, {})));
    EXPECT_EQ(refused.why, Why::token);
    return refused.standing.worth;
  };
  EXPECT_EQ(worth(*phone.tokens.refresh_token), Worth::unknown);
  EXPECT_EQ(worth("token-of-service-ir"), Worth::unknown);
  EXPECT_EQ(worth("token-of-service-ircs"), Worth::unknown);
  EXPECT_EQ(worth("hs-token-of-service-irc"), Worth::unknown);
  EXPECT_EQ(worth(""), Worth::unknown);
  server_.sign_out(phone.tokens.access_token).value();
  EXPECT_EQ(worth(phone.tokens.access_token), Worth::ended);
}

TEST_P(CallersTest, AServiceIsItsOwnUserUnlessItSaysOtherwise) {
  const auto own = ask();
  ASSERT_TRUE(own.has_value());
  EXPECT_TRUE(own->is_service());
  EXPECT_EQ(own->service->id, "irc");
  EXPECT_EQ(own->identity.localpart, "irc_bot");
  EXPECT_FALSE(own->identity.session.has_value());
  EXPECT_EQ(own->identity.device_id, "");
  EXPECT_EQ(bob().identity.localpart, "irc_bob");
  EXPECT_EQ(bob().identity.user, user("irc_bob")->account.id);
}

TEST_P(CallersTest, NoOtherServicesUsersAndNobodyElse) {
  for (const char* other :
       {"@mail_bot:example.com", "@alice:example.com", "@irc_bob:example.org", "@irc_bob",
        "irc_bob", "@Irc_Bob:example.com", "@:example.com", "@", "", "@irc_b ob:example.com"}) {
    EXPECT_EQ(error_of(ask(other)).why, Why::outside_namespace) << other;
  }
  EXPECT_EQ(error_of(ask("@irc_nobody:example.com")).why, Why::not_registered);
}

TEST_P(CallersTest, AnAccountThatIsNotWellIsSaidToBeSo) {
  administration_.lock(kOperator, "irc_bob").value();
  const auto locked = error_of(ask("@irc_bob:example.com"));
  EXPECT_EQ(locked.why, Why::token);
  EXPECT_EQ(locked.standing.worth, Worth::locked);
  administration_.unlock(kOperator, "irc_bob").value();
  administration_.suspend(kOperator, "irc_bob").value();
  EXPECT_TRUE(bob().identity.suspended);
  administration_.deactivate(kOperator, "irc_bob", false).value();
  EXPECT_EQ(error_of(ask("@irc_bob:example.com")).why, Why::deactivated);
  EXPECT_TRUE(ask().has_value()) << "of all that nothing is the service's own fault";
}

TEST_P(CallersTest, AnAdministratorsRightsAreNotAsserted) {
  administration_.set_admin(kOperator, "irc_bob", true).value();
  EXPECT_FALSE(bob().identity.admin);
}

TEST_P(CallersTest, DevicesAreTheUsersOwnLiveOnes) {
  ASSERT_EQ(put(bob(), "BRIDGE"), Put::created);
  EXPECT_EQ(ask("@irc_bob:example.com", "BRIDGE")->identity.device_id, "BRIDGE");
  EXPECT_EQ(error_of(ask({}, "BRIDGE")).why, Why::unknown_device) << "of the service's own user";
  EXPECT_EQ(error_of(ask("@irc_bob:example.com", "")).why, Why::unknown_device);
  ASSERT_TRUE(run(surface_.operations.delete_devices(self::proof_of_service(bob()), {"BRIDGE"}))
                  .has_value());
  EXPECT_EQ(error_of(ask("@irc_bob:example.com", "BRIDGE")).why, Why::unknown_device);
}

// --- what a service does in a user's name (MSC4190) ---

TEST_P(CallersTest, AServiceCreatesDevices) {
  EXPECT_EQ(put(bob(), "BRIDGE", "The bridge"), Put::created);
  EXPECT_EQ(put(bob(), "BRIDGE"), Put::updated);
  auto found = run(surface_.overview.find_device(bob().identity.user, "BRIDGE"));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->display_name, "The bridge");
  EXPECT_FALSE(found->last_used_at.has_value());
  EXPECT_EQ(put(bob(), "BRIDGE", "Renamed"), Put::updated);
  EXPECT_EQ(run(surface_.overview.find_device(bob().identity.user, "BRIDGE"))->display_name,
            "Renamed");
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM sessions"), 0);
}

TEST_P(CallersTest, ASignInTakesThatDevice) {
  ASSERT_EQ(put(bob(), "PHONE", "The bridge"), Put::created);
  ASSERT_TRUE(login("irc_bob", "correct horse", "PHONE").has_value());
  EXPECT_EQ(run(surface_.overview.list_devices(bob().identity.user)).size(), 1U);
  EXPECT_TRUE(
      run(surface_.overview.find_device(bob().identity.user, "PHONE"))->last_used_at.has_value());
}

TEST_P(CallersTest, ADeletedDeviceIsMadeAnew) {
  ASSERT_EQ(put(bob(), "BRIDGE", "The first"), Put::created);
  ASSERT_TRUE(run(surface_.operations.delete_devices(self::proof_of_service(bob()), {"BRIDGE"}))
                  .has_value());
  EXPECT_TRUE(run(surface_.overview.ever_had_device(bob().identity.user, "BRIDGE")));
  EXPECT_EQ(put(bob(), "BRIDGE"), Put::created);
  EXPECT_EQ(run(surface_.overview.find_device(bob().identity.user, "BRIDGE"))->display_name, "");
}

TEST_P(CallersTest, NoMoreDevicesThanAPersonMayHave) {
  sessions::Policy policy = sessions::testing::sample_policy();
  policy.maximum_per_user = 2;
  const Caller who = bob();
  server_.crash_and_take(policy);
  self::testing::Surface surface{server_.ground(), *server_, passwords_};
  for (const auto& [id, expected] : {std::pair("ONE", Put::created),
                                     {"TWO", Put::created},
                                     {"THREE", Put::too_many},
                                     {"TWO", Put::updated}}) {
    EXPECT_EQ(run(surface.operations.put_device(who, id, std::nullopt)), expected) << id;
  }
}

TEST_P(CallersTest, SignsItsUserOutEverywhere) {
  const auto phone = login("irc_bob", "correct horse").value();
  const auto other = login("alice", "correct horse").value();
  ASSERT_EQ(put(bob(), "BRIDGE"), Put::created);
  ASSERT_TRUE(
      run(surface_.operations.sign_out_everywhere(self::proof_of_service(bob()))).has_value());
  EXPECT_EQ(server_.check(phone.tokens.access_token).worth, Worth::ended);
  EXPECT_TRUE(server_.check(other.tokens.access_token).active());
  EXPECT_TRUE(run(surface_.overview.list_devices(bob().identity.user)).empty());
}

TEST_P(CallersTest, AProofForNobodyOfItsUsersIsAFault) {
  self::ServiceProof proof = self::proof_of_service(bob());
  proof.user = user("alice")->account.id;
  EXPECT_THROW(std::ignore = run(surface_.operations.deactivate(proof, false)), std::logic_error);
  EXPECT_FALSE(user("alice")->account.deactivated_at.has_value());
}

TEST_P(CallersTest, DoesNotDeactivateItsOwnUser) {
  const auto refused =
      run(surface_.operations.deactivate(self::proof_of_service(ask().value()), false));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(error_of(refused).why, self::Refused::Why::service_itself);
  EXPECT_TRUE(ask().has_value());
}

// It asked while the account was well; the answer must not say that the service's token is dead.
TEST_P(CallersTest, IsToldOfADeactivationMeanwhile) {
  const Caller who = bob();
  administration_.deactivate(kOperator, "irc_bob", false).value();
  const auto refused =
      run(surface_.operations.delete_devices(self::proof_of_service(who), {"BRIDGE"}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(error_of(refused).why, self::Refused::Why::account_deactivated);
  EXPECT_EQ(put(who, "BRIDGE"), Put::no_such_device) << "it would be there after a reactivation";
}

TEST_P(CallersTest, ThePasswordChangeOfAServiceSparesNoSession) {
  const auto phone = login("irc_bob", "correct horse").value();
  ASSERT_TRUE(run(surface_.operations.change_password(confirmed(bob()), "battery staple", false))
                  .has_value());
  EXPECT_TRUE(server_.check(phone.tokens.access_token).active());
  ASSERT_TRUE(run(surface_.operations.change_password(confirmed(bob()), "another staple", true))
                  .has_value());
  EXPECT_EQ(server_.check(phone.tokens.access_token).worth, Worth::ended);
}

}  // namespace
}  // namespace latchkey::signin
