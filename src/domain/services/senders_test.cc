#include "domain/services/senders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/accounts/accounts_testing.h"
#include "domain/services/services_testing.h"

namespace latchkey::services {
namespace {

using services::testing::Files;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SendersTest : public accounts::testing::AccountsOnEachEngine {
 protected:
  std::vector<std::string> add(const std::vector<std::string>& ids) {
    Files files;
    for (const std::string& id : ids) files.add(id);
    return add_senders(files.load().value(), server_.ground());
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, SendersTest, db::engines(), db::engine_name);

TEST_P(SendersTest, AreCreatedWithoutAPassword) {
  EXPECT_THAT(add({"irc", "mail"}), ElementsAre("irc_bot", "mail_bot"));
  for (const char* name : {"irc_bot", "mail_bot"}) {
    const auto sender = user(name);
    ASSERT_TRUE(sender.has_value()) << name;
    EXPECT_FALSE(sender->password_hash.has_value());
    EXPECT_FALSE(sender->account.admin);
    EXPECT_FALSE(sender->account.deactivated_at.has_value());
  }
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM users"), 2);
}

TEST_P(SendersTest, OnceOnly) {
  EXPECT_THAT(add({"irc"}), ElementsAre("irc_bot"));
  const auto id = user("irc_bot")->account.id;
  EXPECT_THAT(add({"irc", "mail"}), ElementsAre("mail_bot"));
  EXPECT_THAT(add({"irc", "mail"}), IsEmpty());
  EXPECT_EQ(user("irc_bot")->account.id, id);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM users"), 2);
}

TEST_P(SendersTest, WhoIsThereStaysAsHeIs) {
  ASSERT_TRUE(
      administration_.create_user(accounts::testing::kOperator, "irc_bot", "correct horse", true)
          .has_value());
  ASSERT_TRUE(
      administration_.create_user(accounts::testing::kOperator, "mail_bot", "correct horse", false)
          .has_value());
  ASSERT_TRUE(
      administration_.deactivate(accounts::testing::kOperator, "mail_bot", false).has_value());
  EXPECT_THAT(add({"irc", "mail"}), IsEmpty());
  EXPECT_TRUE(user("irc_bot")->password_hash.has_value());
  EXPECT_TRUE(user("irc_bot")->account.admin);
  EXPECT_TRUE(user("mail_bot")->account.deactivated_at.has_value());
}

TEST_P(SendersTest, OneUserForServicesThatShareIt) {
  Files files;
  for (const std::string id : {"first", "second"}) {
    files.write(id, "id: " + id + "\nas_token: " + Files::token(id) +
                        "\nurl: null\nhs_token: any\nsender_localpart: bot\nnamespaces: {}\n");
  }
  EXPECT_THAT(add_senders(files.load().value(), server_.ground()), ElementsAre("bot"));
}

TEST_P(SendersTest, NothingToDoWithoutServices) { EXPECT_THAT(add({}), IsEmpty()); }

}  // namespace
}  // namespace latchkey::services
