#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/accounts/accounts_testing.h"
#include "platform/error_testing.h"

namespace latchkey::administration {
namespace {

using accounts::testing::kOperator;
using ::testing::ElementsAre;
using ::testing::Field;
using Why = AdminRefused::Why;

class AdministerLinksTest : public accounts::testing::AccountsOnEachEngine {
 protected:
  AdministerLinksTest() {
    EXPECT_TRUE(administration_.create_user(kOperator, "alice", {}, false));
    EXPECT_TRUE(administration_.create_user(kOperator, "bob", {}, false));
  }
  auto link(const std::string& name, const std::string& subject) {
    return sessions::testing::run((*administration_).link(kOperator, name, "corp", subject));
  }
  auto unlink(const std::string& name, const std::string& subject) {
    return sessions::testing::run((*administration_).unlink(kOperator, name, "corp", subject));
  }
  auto links(const std::string& name) {
    return sessions::testing::run((*administration_).list_links(name));
  }
  template <class Result>
  static std::optional<Why> why(const Result& result) {
    return result ? std::nullopt : std::optional(error_of(result).why);
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, AdministerLinksTest, db::engines(), db::engine_name);

TEST_P(AdministerLinksTest, ALinkIsMadeListedAndTakenAway) {
  EXPECT_TRUE(link("alice", "a1"));
  EXPECT_TRUE(link("@alice:example.com", "a2"));
  const auto listed = links("alice");
  ASSERT_TRUE(listed);
  EXPECT_THAT(*listed, ElementsAre(Field(&providers::Link::subject, "a1"),
                                   Field(&providers::Link::subject, "a2")));
  EXPECT_TRUE(unlink("alice", "a1"));
  EXPECT_EQ(why(unlink("alice", "a1")), Why::no_such_link);
  EXPECT_EQ(why(unlink("bob", "a2")), Why::no_such_link);
}

TEST_P(AdministerLinksTest, NoLinkMoves) {
  EXPECT_TRUE(link("alice", "a1"));
  EXPECT_EQ(why(link("bob", "a1")), Why::link_taken);
  EXPECT_EQ(why(link("alice", "a1")), Why::link_taken);
}

TEST_P(AdministerLinksTest, SaysWhatIsWrong) {
  EXPECT_EQ(why(link("nobody", "n1")), Why::no_such_user);
  EXPECT_EQ(why(links("nobody")), Why::no_such_user);
  EXPECT_EQ(why(link("alice", "")), Why::not_a_subject);
  EXPECT_EQ(why(link("alice", std::string(256, 'a'))), Why::not_a_subject);
  EXPECT_EQ(why(link("alice", "\xff")), Why::not_a_subject);
  EXPECT_EQ(why(link("alice", "\x1b[2J")), Why::not_a_subject);
}

}  // namespace
}  // namespace latchkey::administration
