#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/accounts/accounts_testing.h"

namespace latchkey::accounts {
namespace {

using ::testing::HasSubstr;
using testing::kOperator;

class AdministerThreepidsTest : public testing::AccountsOnEachEngine {
 protected:
  AdministerThreepidsTest() {
    server_.add_user("alice");
    server_.add_user("bob");
  }
  auto add(std::string_view name, std::string_view medium, std::string_view address) {
    return administration_.add_threepid(kOperator, name, medium, address);
  }
  auto remove(std::string_view name, std::string_view medium, std::string_view address) {
    return administration_.remove_threepid(kOperator, name, medium, address);
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, AdministerThreepidsTest, db::engines(), db::engine_name);

TEST_P(AdministerThreepidsTest, KeepsTheCanonicalForm) {
  EXPECT_EQ(add("alice", "email", " Alice@Example.com ").value().address, "alice@example.com");
  EXPECT_EQ(add("@alice:example.com", "msisdn", "+49 170 1234567").value().address, "491701234567");
  const auto list = administration_.list_threepids("alice").value();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].threepid, (Threepid{"email", "alice@example.com"}));
  EXPECT_EQ(list[1].threepid, (Threepid{"msisdn", "491701234567"}));
  EXPECT_TRUE(administration_.list_threepids("bob").value().empty());
  EXPECT_TRUE(remove("alice", "email", "ALICE@example.COM").has_value());
  EXPECT_EQ(administration_.list_threepids("alice").value().size(), 1U);
}

TEST_P(AdministerThreepidsTest, SaysWhatIsWrong) {
  EXPECT_THAT(add("alice", "email", "nothing").error(), HasSubstr("not an e-mail address"));
  EXPECT_THAT(add("alice", "msisdn", "0170 1234567").error(), HasSubstr("international"));
  EXPECT_THAT(add("alice", "irc", "alice").error(), HasSubstr("email or msisdn"));
  EXPECT_THAT(remove("alice", "irc", "alice").error(), HasSubstr("email or msisdn"));
  EXPECT_THAT(add("nobody", "email", "a@example.com").error(), HasSubstr("no user"));
  EXPECT_THAT(remove("nobody", "email", "a@example.com").error(), HasSubstr("no user"));
  EXPECT_THAT(administration_.list_threepids("nobody").error(), HasSubstr("no user"));
  EXPECT_TRUE(add("alice", "email", "a@example.com").has_value());
  EXPECT_THAT(add("bob", "email", "A@example.com").error(), HasSubstr("taken"));
  EXPECT_THAT(remove("bob", "email", "a@example.com").error(), HasSubstr("not one of bob"));
}

}  // namespace
}  // namespace latchkey::accounts
