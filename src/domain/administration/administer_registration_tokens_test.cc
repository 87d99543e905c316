#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/accounts/accounts_testing.h"
#include "platform/error_testing.h"

namespace latchkey::administration {
namespace {

using namespace std::chrono_literals;
using accounts::TokenState;
using accounts::testing::kOperator;
using sessions::testing::kNoon;
using ::testing::MatchesRegex;
using Why = AdminRefused::Why;

class AdministerRegistrationTokensTest : public accounts::testing::AccountsOnEachEngine {
 protected:
  auto create(const Administration::NewToken& wanted) {
    return administration_.create_registration_token(kOperator, wanted);
  }
  bool usable(std::string_view text) {
    return server_.db().read_now([&](db::Tx& tx) {
      return accounts::find_usable(tx, text, server_.clock.now()).has_value();
    });
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, AdministerRegistrationTokensTest, db::engines(), db::engine_name);

TEST_P(AdministerRegistrationTokensTest, MakesOneOrTakesWhatIsGiven) {
  const auto made = create({}).value();
  EXPECT_THAT(made.text, MatchesRegex("[a-z0-9]{16}"));
  EXPECT_TRUE(usable(made.text));
  EXPECT_EQ(create({.text = "Team-2026"}).value().text, "Team-2026");
  EXPECT_TRUE(usable("Team-2026"));
  EXPECT_EQ(error_of(create({.text = "Team-2026"})).why, Why::token_exists);
}

TEST_P(AdministerRegistrationTokensTest, SaysWhatIsWrong) {
  EXPECT_EQ(error_of(create({.text = "not a token"})).why, Why::not_a_token);
  EXPECT_EQ(error_of(create({.text = ""})).why, Why::not_a_token);
  EXPECT_EQ(error_of(create({.name = std::string(101, 'x')})).why, Why::not_a_token_name);
  EXPECT_EQ(error_of(create({.name = "two\nlines"})).why, Why::not_a_token_name);
  EXPECT_EQ(error_of(create({.name = "\xff"})).why, Why::not_a_token_name);
  EXPECT_EQ(error_of(create({.uses_allowed = 0})).why, Why::token_without_use);
  EXPECT_EQ(error_of(create({.lifetime = Duration{0}})).why, Why::token_expired_at_once);
  EXPECT_EQ(
      error_of(administration_.revoke_registration_token(kOperator, RegistrationTokenId{7})).why,
      Why::no_such_token);
  EXPECT_TRUE(administration_.list_registration_tokens().empty());
}

TEST_P(AdministerRegistrationTokensTest, ListsWhatEachIsWorth) {
  const auto revoked = create({.name = "gone"}).value();
  EXPECT_TRUE(administration_.revoke_registration_token(kOperator, revoked.id).has_value());
  EXPECT_EQ(error_of(administration_.revoke_registration_token(kOperator, revoked.id)).why,
            Why::already_revoked);
  server_.clock.advance(1s);
  const auto expiring = create({.name = "Märta's guests", .lifetime = 1min}).value();
  server_.clock.advance(1s);
  const auto once = create({.uses_allowed = 1}).value();
  server_.clock.advance(1min);
  server_.db().write_now(
      [&](db::Tx& tx) { EXPECT_TRUE(accounts::use(tx, once.id, server_.clock.now())); });

  const auto list = administration_.list_registration_tokens();
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0].token.id, once.id);
  EXPECT_EQ(list[0].state, TokenState::spent);
  EXPECT_EQ(list[1].token.name, "Märta's guests");
  EXPECT_EQ(list[1].token.expires_at, kNoon + 61s);
  EXPECT_EQ(list[1].state, TokenState::expired);
  EXPECT_EQ(list[2].token.id, revoked.id);
  EXPECT_EQ(list[2].state, TokenState::revoked);
  for (const auto& token : {revoked, expiring, once}) EXPECT_FALSE(usable(token.text));
}

}  // namespace
}  // namespace latchkey::administration
