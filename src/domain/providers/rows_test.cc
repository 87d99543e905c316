// The rows of this room, on each engine.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/accounts/accounts_testing.h"
#include "domain/providers/attempt_rows.h"
#include "domain/providers/link_rows.h"
#include "domain/providers/provider_session_rows.h"

namespace latchkey::providers {
namespace {

using namespace std::chrono_literals;
using sessions::testing::kNoon;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ProviderRowsTest : public accounts::testing::AccountsOnEachEngine {
 protected:
  UserId make_user(const std::string& name) {
    EXPECT_TRUE(administration_.create_user(accounts::testing::kOperator, name, {}, false));
    return server_.db().read_now(
        [&](db::Tx& tx) { return accounts::find_user(tx, name).value().account.id; });
  }
  template <class Work>
  auto write(Work work) {
    return server_.db().write_now(work);
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, ProviderRowsTest, db::engines(), db::engine_name);

TEST_P(ProviderRowsTest, ALinkIsOneAccounts) {
  const UserId alice = make_user("alice");
  const UserId bob = make_user("bob");
  write([&](db::Tx& tx) {
    EXPECT_TRUE(insert_link(tx, {"corp", "1", alice, kNoon}));
    EXPECT_FALSE(insert_link(tx, {"corp", "1", bob, kNoon}));
    EXPECT_FALSE(insert_link(tx, {"corp", "1", alice, kNoon}));
    // Compared to the letter, and for each provider by itself.
    EXPECT_TRUE(insert_link(tx, {"corp", "1 ", bob, kNoon}));
    EXPECT_TRUE(insert_link(tx, {"other", "1", bob, kNoon + 1ms}));
    return true;
  });
  write([&](db::Tx& tx) {
    EXPECT_EQ(find_link(tx, "corp", "1")->user, alice);
    EXPECT_FALSE(find_link(tx, "Corp", "1"));
    note_link_use(tx, *find_link(tx, "corp", "1"), kNoon + 1h);
    EXPECT_EQ(find_link(tx, "corp", "1")->used_at, kNoon + 1h);
    EXPECT_THAT(links_of(tx, bob),
                ElementsAre(Field(&Link::provider, "corp"), Field(&Link::provider, "other")));
    EXPECT_FALSE(delete_link(tx, bob, "corp", "1"));
    EXPECT_TRUE(delete_link(tx, bob, "other", "1"));
    delete_links_of(tx, bob);
    EXPECT_THAT(links_of(tx, bob), IsEmpty());
    EXPECT_THAT(links_of(tx, alice), SizeIs(1));
    return true;
  });
}

TEST_P(ProviderRowsTest, AnAttemptIsArrivedAtOnce) {
  const Attempt begun{.hash = {},
                      .provider = "corp",
                      .purpose = Purpose::link,
                      .browser = "b",
                      .user = UserId{7},
                      .kept = {{"next", "/account/"}},
                      .begun_at = kNoon,
                      .expires_at = kNoon + 10min};
  write([&](db::Tx& tx) {
    insert_attempt(tx, "the state", begun);
    return true;
  });
  write([&](db::Tx& tx) {
    EXPECT_FALSE(find_attempt(tx, "another state"));
    auto found = find_attempt(tx, "the state");
    EXPECT_TRUE(found);
    if (!found) return false;
    EXPECT_EQ(found->provider, "corp");
    EXPECT_EQ(found->purpose, Purpose::link);
    EXPECT_EQ(found->user, UserId{7});
    EXPECT_EQ(found->kept, begun.kept);
    EXPECT_FALSE(found->arrived_at);
    found->arrived_at = kNoon + 1min;
    found->kept["subject"] = "1";
    EXPECT_TRUE(arrive(tx, "the state", *found));
    EXPECT_FALSE(arrive(tx, "the state", *found));
    EXPECT_EQ(find_attempt(tx, "the state")->kept.at("subject").as_string(), "1");
    delete_expired_attempts(tx, kNoon + 10min - 1ms, 10);
    EXPECT_TRUE(find_attempt(tx, "the state"));
    EXPECT_TRUE(delete_attempt(tx, found->hash));
    EXPECT_FALSE(delete_attempt(tx, found->hash));
    return true;
  });
}

TEST_P(ProviderRowsTest, WhatWasBegunThereIsFoundByNameAndBySubject) {
  const UserId alice = make_user("alice");
  const auto begun = [&](int browser, const std::string& subject, const std::string& name,
                         Time at) {
    return BegunThere{BrowserSessionId{browser}, "corp", subject, name, alice, at,
                      "hint of " + name};
  };
  write([&](db::Tx& tx) {
    put_begun_there(tx, begun(1, "a", "s1", kNoon), 10);
    put_begun_there(tx, begun(2, "a", "s2", kNoon + 1s), 10);
    put_begun_there(tx, begun(3, "a", "", kNoon + 2s), 10);
    EXPECT_THAT(list_begun_there(tx, "corp", "a", ""), SizeIs(3));
    EXPECT_THAT(list_begun_there(tx, "corp", "", "s2"),
                ElementsAre(Field(&BegunThere::browser, BrowserSessionId{2})));
    EXPECT_EQ(find_begun_there(tx, BrowserSessionId{2})->hint, "hint of s2");
    EXPECT_THAT(list_begun_there(tx, "corp", "b", "s2"), IsEmpty());
    EXPECT_THAT(list_begun_there(tx, "other", "a", ""), IsEmpty());
    // Signed in anew, there another time.
    put_begun_there(tx, begun(1, "a", "s4", kNoon + 3s), 10);
    EXPECT_THAT(list_begun_there(tx, "corp", "", "s1"), IsEmpty());
    put_begun_there(tx, begun(4, "a", "s5", kNoon + 4s), 2);
    EXPECT_THAT(list_begun_there(tx, "corp", "a", ""), SizeIs(2));
    EXPECT_TRUE(find_begun_there(tx, BrowserSessionId{1}));
    delete_begun_there_before(tx, kNoon + 3s, 10);
    EXPECT_FALSE(find_begun_there(tx, BrowserSessionId{1}));
    EXPECT_TRUE(find_begun_there(tx, BrowserSessionId{4}));
    EXPECT_TRUE(count_once(tx, "h", kNoon));
    EXPECT_FALSE(count_once(tx, "h", kNoon));
    delete_expired_logouts(tx, kNoon, 10);
    EXPECT_TRUE(count_once(tx, "h", kNoon));
    return true;
  });
}

}  // namespace
}  // namespace latchkey::providers
