#include <gtest/gtest.h>

#include "domain/accounts/accounts_testing.h"
#include "platform/error_testing.h"

namespace latchkey::administration {
namespace {

using accounts::Threepid;
using accounts::testing::kOperator;
using Why = AdminRefused::Why;

class AdministerThreepidsTest : public accounts::testing::AccountsOnEachEngine {
 protected:
  AdministerThreepidsTest() {
    server_.add_user("alice");
    server_.add_user("bob");
  }
  auto add(const std::string& name, const std::string& medium, const std::string& address) {
    return administration_.add_threepid(kOperator, name, medium, address);
  }
  auto remove(const std::string& name, const std::string& medium, const std::string& address) {
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
  const auto no_user = AdminRefused{Why::no_such_user, "nobody"};
  EXPECT_EQ(error_of(add("alice", "email", "nothing")),
            (AdminRefused{Why::not_an_email_address, "nothing"}));
  EXPECT_EQ(error_of(add("alice", "msisdn", "0170 1234567")),
            (AdminRefused{Why::not_a_phone_number, "0170 1234567"}));
  EXPECT_EQ(error_of(add("alice", "irc", "alice")), (AdminRefused{Why::not_a_medium, "irc"}));
  EXPECT_EQ(error_of(remove("alice", "irc", "alice")), (AdminRefused{Why::not_a_medium, "irc"}));
  EXPECT_EQ(error_of(add("nobody", "email", "a@example.com")), no_user);
  EXPECT_EQ(error_of(remove("nobody", "email", "a@example.com")), no_user);
  EXPECT_EQ(error_of(administration_.list_threepids("nobody")), no_user);
  EXPECT_TRUE(add("alice", "email", "a@example.com").has_value());
  EXPECT_EQ(error_of(add("bob", "email", "A@example.com")),
            (AdminRefused{Why::address_taken, "a@example.com"}));
  EXPECT_EQ(error_of(remove("bob", "email", "A@example.com")),
            (AdminRefused{Why::not_theirs, "a@example.com", "bob"}));
}

}  // namespace
}  // namespace latchkey::administration
