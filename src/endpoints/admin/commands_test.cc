// What commands make of what was typed: whatever it is, nothing is done that was not meant.
#include "endpoints/admin/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/accounts/accounts_testing.h"
#include "platform/error_testing.h"

namespace latchkey::admin {
namespace {

using accounts::testing::kOperator;
using sessions::testing::TestSessions;
using ::testing::HasSubstr;

class Commands : public accounts::testing::AccountsOnEachEngine {
 protected:
  Answer type(std::string_view name, const boost::json::object& arguments) {
    return sessions::testing::run(run(operations_, kOperator, name, arguments));
  }
  // The refusal, or nothing.
  std::string refusal(std::string_view name, const boost::json::object& arguments) {
    const Answer answer = type(name, arguments);
    return answer ? "" : error_of(answer);
  }

  administration::Upkeep upkeep_{server_.ground(), *server_, *administration_,
                                 [](const std::string&) {}};
  administration::UserListing users_{server_.ground(), *administration_, "example.com"};
  const providers::ProviderSet providers_;
  administration::Sweep sweep_{server_.ground(), *administration_, "example.com"};
  ends::Replay replay_{server_.ground(), *server_, *administration_, "example.com"};
  const Operations operations_{.ground = server_.ground(),
                               .administration = *administration_,
                               .upkeep = upkeep_,
                               .sweep = sweep_,
                               .replay = replay_,
                               .sessions = *server_,
                               .users = users_,
                               .providers = providers_};
};

INSTANTIATE_TEST_SUITE_P(Engines, Commands, db::engines(), db::engine_name);

TEST_P(Commands, SayWhatIsMissing) {
  ASSERT_TRUE(administration_.create_user(kOperator, "alice", "correct horse", false));
  const auto hash = user("alice")->password_hash;
  EXPECT_EQ(refusal("user set-password", {{"name", "alice"}}), "password is missing");
  EXPECT_EQ(refusal("user lock", {}), "name is missing");
  EXPECT_EQ(refusal("user paint", {{"name", "alice"}}), "there is no command 'user paint'");
  EXPECT_EQ(user("alice")->password_hash, hash);
}

TEST_P(Commands, MakeNobodyAnAdministratorOrNoneByAWordThatIsNotKnown) {
  ASSERT_TRUE(administration_.create_user(kOperator, "alice", std::nullopt, true));
  for (const char* state : {"yes", "", "ON", "no"}) {
    EXPECT_EQ(refusal("user admin", {{"name", "alice"}, {"state", state}}), "expected on or off");
    EXPECT_TRUE(user("alice")->account.admin) << state;
  }
  EXPECT_TRUE(type("user admin", {{"name", "alice"}, {"state", "off"}}));
  EXPECT_FALSE(user("alice")->account.admin);
  EXPECT_TRUE(type("user admin", {{"name", "alice"}, {"state", "on"}}));
  EXPECT_TRUE(user("alice")->account.admin);
}

TEST_P(Commands, EraseOnlyWhenAsked) {
  ASSERT_TRUE(administration_.create_user(kOperator, "alice", "correct horse", false));
  EXPECT_TRUE(type("user deactivate", {{"name", "alice"}}));
  EXPECT_TRUE(user("alice")->password_hash);
  EXPECT_TRUE(type("user deactivate", {{"name", "alice"}, {"erase", true}}));
  EXPECT_FALSE(user("alice")->password_hash);
}

TEST_P(Commands, TakeNumbersWholeOrNotAtAll) {
  const auto uses_of = [&](const char* token, const char* uses) -> std::optional<std::int64_t> {
    if (!type("registration-token create", {{"name", token}, {"uses", uses}})) return std::nullopt;
    for (const auto& listed : administration_.list_registration_tokens()) {
      if (listed.token.name == token) return listed.token.uses_allowed;
    }
    return std::nullopt;
  };
  EXPECT_EQ(uses_of("first", "1"), 1);
  EXPECT_EQ(uses_of("most", "1000000"), 1'000'000);
  for (const char* wrong : {"10x", "0", "1000001", "-1", " 1", "1.0", "", "99999999999999999999"}) {
    EXPECT_EQ(uses_of("wrong", wrong), std::nullopt) << wrong;
  }
  EXPECT_THAT(refusal("registration-token create", {{"uses", "10x"}}),
              HasSubstr("uses: '10x' is not a number from 1 to 1000000"));
}

TEST_P(Commands, EndASessionForGoodOrSoftly) {
  const auto alice = server_.add_user("alice");
  const auto phone = server_.sign_in(alice, TestSessions::refreshing("PHONE"));
  const auto tablet = server_.sign_in(alice, TestSessions::refreshing("TABLET"));
  EXPECT_TRUE(type("session soft-logout", {{"id", text::format_id(phone.id())}}));
  EXPECT_TRUE(type("session end", {{"id", text::format_id(tablet.id())}}));
  EXPECT_EQ(server_.check(phone.access()).worth, sessions::Worth::soft);
  EXPECT_EQ(server_.check(tablet.access()).worth, sessions::Worth::ended);
  EXPECT_THAT(refusal("session end", {{"id", "PHONE"}}), HasSubstr("not a session ID"));
}

// Of whoever can set an environment variable, in the audit and on operators' terminals.
TEST(CommandLineOperator, IsNamedOnOneLineAndInAShortOne) {
  EXPECT_EQ(at_the_command_line("alice").name, "command line (alice)");
  EXPECT_EQ(at_the_command_line("alice").address, "local");
  EXPECT_EQ(at_the_command_line("a b\nc\x1b[2J\x7f\xc3\xa4z").name, "command line (a?b?c?[2J???z)");
  EXPECT_EQ(at_the_command_line(std::string(1000, 'a')).name,
            "command line (" + std::string(64, 'a') + ")");
}

}  // namespace
}  // namespace latchkey::admin
