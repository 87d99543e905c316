#include "domain/administration/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/accounts/accounts_testing.h"
#include "domain/providers/providers_testing.h"
#include "platform/error_testing.h"

namespace latchkey::administration {
namespace {

using accounts::testing::kOperator;
using providers::Reply;
using sessions::testing::run;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Presence = providers::PasswordProvider::Presence;

TEST(Sweep, LetsAFewBeMissedAtOnce) {
  struct Row {
    std::size_t linked;
    std::size_t percent;
    std::size_t most;
  };
  for (const Row& row : {Row{0, 10, 1},
                         {1, 10, 1},
                         {9, 10, 1},
                         {20, 10, 2},
                         {1000, 10, 100},
                         {1000, 100, 1000},
                         {99, 1, 1}}) {
    EXPECT_EQ(most_missed(row.linked, row.percent), row.most) << row.linked;
  }
}

// Ten people, of whom a test says who is not there.
class SweepTest : public accounts::testing::AccountsOnEachEngine {
 protected:
  SweepTest() {
    for (char letter = 'a'; letter <= 'j'; ++letter) {
      const std::string name(1, letter);
      administration_.create_user(kOperator, name, {}, false).value();
      link(name, "id of " + name);
    }
    providers::testing::directory_of(providers_, "dir").presence =
        [this](const std::string& subject) -> Reply<Presence> {
      if (down_) {
        return std::unexpected(providers::Failure{
            .why = providers::Failure::Why::unavailable, .reason = "t", .sentence = "silence"});
      }
      const auto found = says_.find(subject);
      return found == says_.end() ? Presence::there : found->second;
    };
  }

  static providers::ProviderSet configured() {
    providers::ProviderOptions dir;
    dir.id = dir.name = "dir";
    dir.kind = providers::Kind::ldap;
    dir.sweep_at_most = 20;
    return providers::testing::set_of({dir});
  }
  void link(const std::string& name, const std::string& subject) {
    EXPECT_TRUE(server_.db().write_now([&](db::Tx& tx) {
      return providers::insert_link(
          tx, {"dir", subject, accounts::find_user(tx, name)->account.id, server_.clock.now()});
    }));
  }
  Sweep::Result<SweepReport> sweep(bool apply = true) {
    return run(sweep_.run(kOperator, *providers_.find("dir"), apply));
  }
  static std::vector<std::string> names(const std::vector<SweepReport::Person>& people) {
    std::vector<std::string> names;
    for (const auto& person : people) names.push_back(person.user);
    return names;
  }
  bool locked(const char* name) { return user(name)->account.locked_at.has_value(); }

  std::map<std::string, Presence> says_;
  bool down_ = false;
  providers::ProviderSet providers_ = configured();
  Sweep sweep_{server_.ground(), *administration_, "example.com"};
};

INSTANTIATE_TEST_SUITE_P(Engines, SweepTest, db::engines(), db::engine_name);

TEST_P(SweepTest, LocksWhoIsGoneOrDisabledAndUnlocksWhoIsBack) {
  const auto phone =
      server_.sign_in(user("a")->account, sessions::testing::TestSessions::refreshing("PHONE"));
  says_ = {{"id of a", Presence::gone}, {"id of b", Presence::disabled}};
  // First only a look.
  const auto look = sweep(false);
  ASSERT_TRUE(look);
  EXPECT_THAT(names(look->missed), ElementsAre("@a:example.com", "@b:example.com"));
  EXPECT_EQ(look->linked, 10U);
  EXPECT_FALSE(look->applied);
  EXPECT_FALSE(locked("a"));

  const auto swept = sweep();
  ASSERT_TRUE(swept);
  EXPECT_TRUE(swept->applied);
  EXPECT_TRUE(locked("a"));
  EXPECT_TRUE(locked("b"));
  EXPECT_FALSE(locked("c"));
  EXPECT_EQ(server_.check(phone.access()).worth, sessions::Worth::locked);
  // Those who are locked already are missed no more.
  EXPECT_THAT(sweep()->missed, IsEmpty());

  says_.erase("id of a");
  EXPECT_THAT(names(sweep()->back), ElementsAre("@a:example.com"));
  EXPECT_FALSE(locked("a"));
  EXPECT_TRUE(locked("b"));
  EXPECT_TRUE(server_.check(phone.access()).active());
}

TEST_P(SweepTest, LiftsNobodyElsesLock) {
  administration_.lock(kOperator, "a").value();
  EXPECT_THAT(sweep()->back, IsEmpty());
  EXPECT_TRUE(locked("a"));
  // Nor one that an operator has put in the place of its own.
  says_ = {{"id of b", Presence::gone}};
  EXPECT_TRUE(sweep());
  // One after the other: the audit tells them apart by the millisecond.
  server_.clock.advance(std::chrono::seconds{1});
  administration_.unlock(kOperator, "b").value();
  server_.clock.advance(std::chrono::seconds{1});
  administration_.lock(kOperator, "b").value();
  says_.clear();
  EXPECT_THAT(sweep()->back, IsEmpty());
  EXPECT_TRUE(locked("b"));
}

TEST_P(SweepTest, DoesNothingWhenTheDirectoryIsDown) {
  says_ = {{"id of a", Presence::gone}};
  down_ = true;
  EXPECT_THAT(error_of(sweep()).subject, HasSubstr("silence"));
  EXPECT_FALSE(locked("a"));
}

// A wrong base finds nobody.
TEST_P(SweepTest, TakesManyAtOnceForAMistake) {
  for (const char* name : {"a", "b", "c"}) says_["id of " + std::string(name)] = Presence::gone;
  EXPECT_EQ(sweep(false)->missed.size(), 3U);
  EXPECT_THAT(error_of(sweep()).subject, HasSubstr("of 10 accounts, 3"));
  EXPECT_FALSE(locked("a"));
}

TEST_P(SweepTest, WhoIsThereByOneOfTheirLinksIsThere) {
  link("a", "another id of a");
  says_ = {{"id of a", Presence::gone}};
  EXPECT_THAT(sweep()->missed, IsEmpty());
  says_["another id of a"] = Presence::disabled;
  EXPECT_THAT(names(sweep()->missed), ElementsAre("@a:example.com"));
}

TEST_P(SweepTest, LeavesDeactivatedAccountsAlone) {
  administration_.deactivate(kOperator, "a", false).value();
  says_ = {{"id of a", Presence::gone}};
  EXPECT_THAT(sweep()->missed, IsEmpty());
}

TEST_P(SweepTest, ReadsAllLinks) {
  for (int i = 0; i < 450; ++i) link("j", "more " + std::to_string(i));
  says_ = {{"id of i", Presence::gone}};
  EXPECT_EQ(sweep()->linked, 10U);
  EXPECT_TRUE(locked("i"));
}

}  // namespace
}  // namespace latchkey::administration
