#include "domain/administration/user_listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/accounts/accounts_testing.h"
#include "platform/error_testing.h"

namespace latchkey::administration {
namespace {

using namespace std::chrono_literals;
using accounts::testing::kOperator;
using sessions::testing::kNoon;
using sessions::testing::run;
using sessions::testing::TestSessions;
using testing::ElementsAre;
using testing::Field;

TEST(UserFilter, AllConditionsMustHold) {
  ListedUser user{.localpart = "alice", .display_name = "Märta Ek", .created_at = kNoon};
  EXPECT_TRUE(matches(user, {}));
  for (const char* part : {"ali", "ICE", "alice", "märta", "ek", ""}) {
    EXPECT_TRUE(matches(user, {.search = part})) << part;
  }
  EXPECT_FALSE(matches(user, {.search = "alicee"}));
  for (const UserFilter& filter : {UserFilter{.locked = true}, UserFilter{.suspended = true},
                                   UserFilter{.deactivated = true}, UserFilter{.admin = true}}) {
    EXPECT_FALSE(matches(user, filter));
  }
  user.locked_at = user.suspended_at = user.deactivated_at = kNoon;
  user.admin = true;
  EXPECT_TRUE(
      matches(user, {.locked = true, .suspended = true, .deactivated = true, .admin = true}));
  EXPECT_FALSE(matches(user, {.search = "bob", .locked = true}));
}

TEST(UserFilter, NotSeenSince) {
  ListedUser user{.localpart = "alice", .created_at = kNoon};
  EXPECT_FALSE(matches(user, {.not_seen_since = kNoon})) << "created since";
  EXPECT_TRUE(matches(user, {.not_seen_since = kNoon + 1s}));
  user.last_seen_at = kNoon + 1h;
  EXPECT_FALSE(matches(user, {.not_seen_since = kNoon + 1h}));
  EXPECT_TRUE(matches(user, {.not_seen_since = kNoon + 2h}));
}

class UserListingTest : public accounts::testing::AccountsOnEachEngine {
 protected:
  std::vector<std::string> names(const UserPage& page) {
    std::vector<std::string> result;
    for (const ListedUser& user : page.users) result.push_back(user.localpart);
    return result;
  }
  UserPage list(const UserFilter& filter, const std::string& after, std::size_t limit) {
    return run(listing_.list(filter, after, limit));
  }

  UserListing listing_{server_.ground(), *administration_, "example.com"};
};

INSTANTIATE_TEST_SUITE_P(Engines, UserListingTest, db::engines(), db::engine_name);

TEST_P(UserListingTest, GoesOnWhereThePageEnded) {
  for (const char* name : {"dora", "anna", "carl", "bert"}) server_.add_user(name);
  const auto first = list({}, "", 2);
  EXPECT_THAT(names(first), ElementsAre("anna", "bert"));
  EXPECT_EQ(first.next, "bert");
  const auto second = list({}, *first.next, 2);
  EXPECT_THAT(names(second), ElementsAre("carl", "dora"));
  EXPECT_EQ(second.next, std::nullopt);
  EXPECT_THAT(names(list({.search = "r"}, "", 2)), ElementsAre("bert", "carl"));
}

TEST_P(UserListingTest, ALargeServerIsReadInPieces) {
  constexpr int kUsers = 2'500;
  server_.db().write_now([&](db::Tx& tx) {
    for (int i = 0; i < kUsers; ++i) {
      accounts::insert_user(tx, UserId{1'000 + i}, "user" + std::to_string(10'000 + i),
                            std::nullopt, i % 1'000 == 0, kNoon);
    }
  });
  EXPECT_THAT(names(list({.admin = true}, "", 10)),
              ElementsAre("user10000", "user11000", "user12000"));
  const auto page = list({.admin = true}, "", 2);
  EXPECT_EQ(page.next, "user11000");
  EXPECT_EQ(run(listing_.count()).users, kUsers);
  EXPECT_EQ(run(listing_.count()).administrators, 3);
}

TEST_P(UserListingTest, LastSeenIsTheLatestOfAll) {
  const auto alice = server_.add_user("alice");
  EXPECT_EQ(list({}, "", 1).users.at(0).last_seen_at, std::nullopt);
  server_.sign_in(alice, TestSessions::refreshing("PHONE"));
  server_.clock.advance(1h);
  server_.sign_in(alice, TestSessions::refreshing("DESK"));
  EXPECT_EQ(list({}, "", 1).users.at(0).last_seen_at, kNoon + 1h);
  server_.clock.advance(1h);
  EXPECT_THAT(names(list({.not_seen_since = kNoon + 90min}, "", 1)), ElementsAre("alice"));
  EXPECT_THAT(names(list({.not_seen_since = kNoon + 30min}, "", 1)), ElementsAre());
  const auto shown = run(listing_.show("alice")).value();
  EXPECT_EQ(shown.sessions.size(), 2U);
  EXPECT_EQ(shown.user.last_seen_at, kNoon + 1h);
  // Also once they are signed out.
  EXPECT_EQ(run((*administration_).sign_out_user(kOperator, "alice")).value(), 2U);
  EXPECT_EQ(list({}, "", 1).users.at(0).last_seen_at, kNoon + 1h);
  EXPECT_EQ(run(listing_.count()).sessions, 0);
  EXPECT_EQ(error_of(run(listing_.show("nobody"))),
            (AdminRefused{AdminRefused::Why::no_such_user, "nobody"}));
}

}  // namespace
}  // namespace latchkey::administration
