#include "domain/registration/registration.h"

#include <gtest/gtest.h>

#include "domain/accounts/matrix_id.h"
#include "domain/self/self_testing.h"
#include "platform/error_testing.h"

namespace latchkey::registration {
namespace {

using namespace std::chrono_literals;
using sessions::testing::run;
using sessions::testing::TestSessions;
using Why = RegistrationRefused::Why;

class RegisterAccount : public self::testing::SigninOnEachEngine {
 protected:
  using Result = std::expected<Registered, RegistrationRefused>;

  static NewAccount wanted(std::optional<std::string> name = "alice") {
    return {.username = std::move(name),
            .password = "correct horse",
            .inhibit_login = false,
            .session = TestSessions::refreshing("PHONE")};
  }
  static Result create(self::testing::Surface& surface, NewAccount account) {
    return run(surface.registration.create(0, std::move(account), {}));
  }
  Result create(NewAccount account) { return create(surface_, std::move(account)); }
};

INSTANTIATE_TEST_SUITE_P(Engines, RegisterAccount, db::engines(), db::engine_name);

TEST_P(RegisterAccount, MakesAnAccountAndSignsIn) {
  const auto made = create(wanted());
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->localpart, "alice");
  ASSERT_TRUE(made->signed_in.has_value());
  EXPECT_EQ(made->signed_in->device_id, "PHONE");
  EXPECT_TRUE(server_.check(made->signed_in->tokens.access_token).active());
  EXPECT_EQ(run(passwords_.verify(user("alice")->password_hash, "correct horse")),
            accounts::Passwords::Match::yes);
  EXPECT_FALSE(user("alice")->account.admin);
}

TEST_P(RegisterAccount, WithoutSigningIn) {
  NewAccount account = wanted();
  account.inhibit_login = true;
  const auto made = create(account);
  ASSERT_TRUE(made.has_value());
  EXPECT_FALSE(made->signed_in.has_value());
  EXPECT_TRUE(user("alice").has_value());
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM sessions"), 0);
}

TEST_P(RegisterAccount, MakesUpANameWhereNoneIsWanted) {
  const auto first = create(wanted(std::nullopt));
  const auto second = create(wanted(std::nullopt));
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_NE(first->localpart, second->localpart);
  EXPECT_TRUE(accounts::valid_localpart(first->localpart, "example.com"));
}

TEST_P(RegisterAccount, RefusesWithAReason) {
  ASSERT_TRUE(create(wanted("taken")).has_value());
  EXPECT_EQ(error_of(create(wanted("taken"))).why, Why::username_taken);
  for (const auto* name : {"", " ", "\u00c4lice", "@alice:example.com", "al ice", "\xff"}) {
    EXPECT_EQ(error_of(create(wanted(name))).why, Why::invalid_username) << name;
  }
  NewAccount weak = wanted();
  weak.password = "short";
  const auto refused = create(weak);
  EXPECT_EQ(error_of(refused).why, Why::weak_password);
  EXPECT_EQ(error_of(refused).weak.value().why, accounts::WeakPassword::Why::too_short);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM users"), 1);
}

TEST_P(RegisterAccount, SaysBeforeTheAuthenticationWhatItWouldRefuseAfter) {
  ASSERT_TRUE(create(wanted("taken")).has_value());
  const auto why = [this](const std::optional<std::string>& name) {
    const auto refused = run(surface_.registration.refuse(name));
    return refused ? std::optional(refused->why) : std::nullopt;
  };
  EXPECT_EQ(why("alice"), std::nullopt);
  EXPECT_EQ(why(std::nullopt), std::nullopt);
  EXPECT_EQ(why("taken"), Why::username_taken);
  EXPECT_EQ(why("Taken "), Why::username_taken);
  EXPECT_EQ(why("Alice"), std::nullopt);
  EXPECT_EQ(why("Al ice"), Why::invalid_username);
}

TEST_P(RegisterAccount, CapitalsAndTheSpacesOfKeyboardsMakeTheNameThatIsMeant) {
  EXPECT_EQ(create(wanted(" Alice\u00a0"))->localpart, "alice");
  EXPECT_EQ(error_of(create(wanted("ALICE"))).why, Why::username_taken);
}

TEST_P(RegisterAccount, ClosedRefusesAll) {
  self::testing::Surface surface{
      server_.ground(), *server_, passwords_, {.registration = {.open = false}}};
  EXPECT_FALSE(surface.registration.open());
  EXPECT_EQ(error_of(create(surface, wanted())).why, Why::closed);
  EXPECT_EQ(run(surface.registration.refuse(std::optional<std::string>("taken")))->why,
            Why::closed);
  EXPECT_FALSE(user("alice").has_value());
}

TEST_P(RegisterAccount, LimitsAnAddress) {
  self::testing::Surface surface{
      server_.ground(), *server_, passwords_, {.limits = {.registrations = 5}}};
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(create(surface, wanted(std::nullopt)).has_value());
  const auto refused = create(surface, wanted());
  EXPECT_EQ(error_of(refused).why, Why::too_many);
  EXPECT_EQ(error_of(refused).retry_after, 1min);
  server_.clock.advance(1min);
  EXPECT_TRUE(create(surface, wanted()).has_value());
}

TEST_P(RegisterAccount, LimitsWhoTriesInvitations) {
  self::testing::Surface surface{
      server_.ground(), *server_, passwords_, {.limits = {.registration_token_checks = 2}}};
  const auto valid = [&] { return run(surface.registration.token_valid("guess", "192.0.2.1")); };
  for (int i = 0; i < 2; ++i) EXPECT_EQ(valid().value(), false);
  ASSERT_FALSE(valid().has_value());
  EXPECT_EQ(error_of(valid()).why, Why::too_many);
}

TEST_P(RegisterAccount, DoesNotTakeReservedNames) {
  self::testing::Surface surface{server_.ground(),
                                 *server_,
                                 passwords_,
                                 {.registration = {.open = true, .reserved_names = {"help*"}}}};
  const auto refused = create(surface, wanted("helpdesk"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(error_of(refused).why, Why::reserved);
  EXPECT_TRUE(create(surface, wanted("alice")).has_value());
}

TEST_P(RegisterAccount, OfOneNameAtOnceMakesOne) {
  self::testing::Surface surface{
      server_.ground(), *server_, passwords_, {.limits = {.enabled = false}}};
  const auto results = server_.race(2, [&](sessions::Use use) -> Task<Result> {
    co_return co_await surface.registration.create(use.worker, wanted(), {});
  });
  int made = 0;
  for (const Result& result : results) {
    made += result.has_value() ? 1 : 0;
    if (!result) EXPECT_EQ(error_of(result).why, Why::username_taken);
  }
  EXPECT_EQ(made, 1);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM users"), 1);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM sessions"), 1);
}

}  // namespace
}  // namespace latchkey::registration
