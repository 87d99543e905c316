#include "domain/accounts/threepid_rows.h"

#include <gtest/gtest.h>

#include "domain/accounts/accounts_testing.h"

namespace latchkey::accounts {
namespace {

using namespace std::chrono_literals;
using sessions::testing::kNoon;

const Threepid kAddress{"email", "alice@example.com"};
const Threepid kPhone{"msisdn", "491701234567"};

class ThreepidRowsTest : public testing::AccountsOnEachEngine {
 protected:
  bool insert(const Account& user, const Threepid& threepid) {
    return server_.db().write_now(
        [&](db::Tx& tx) { return insert_threepid(tx, user.id, threepid, server_.clock.now()); });
  }
  bool remove(const Account& user, const Threepid& threepid) {
    return server_.db().write_now(
        [&](db::Tx& tx) { return delete_threepid(tx, user.id, threepid); });
  }
  std::string find(const Threepid& threepid) {
    return server_.db().read_now([&](db::Tx& tx) {
      const auto user = find_user_by_threepid(tx, threepid);
      return user ? user->account.localpart : "";
    });
  }

  const Account alice_ = server_.add_user("alice");
  const Account bob_ = server_.add_user("bob");
};

INSTANTIATE_TEST_SUITE_P(Engines, ThreepidRowsTest, db::engines(), db::engine_name);

TEST_P(ThreepidRowsTest, LeadToTheirUser) {
  server_.sql("UPDATE users SET password_hash = 'hash', admin = 1, locked_at = 7 WHERE id = :id",
              alice_.id);
  EXPECT_EQ(find(kAddress), "");
  EXPECT_TRUE(insert(alice_, kAddress));
  EXPECT_TRUE(insert(bob_, kPhone));
  EXPECT_EQ(find(kAddress), "alice");
  EXPECT_EQ(find(kPhone), "bob");
  EXPECT_EQ(find({"msisdn", kAddress.address}), "");
  server_.db().read_now([&](db::Tx& tx) {
    for (const auto& user : {find_user_by_threepid(tx, kAddress), find_user_by_id(tx, alice_.id),
                             find_user(tx, "alice")}) {
      ASSERT_TRUE(user.has_value());
      EXPECT_EQ(user->account.id, alice_.id);
      EXPECT_EQ(user->account.localpart, "alice");
      EXPECT_TRUE(user->account.admin);
      EXPECT_EQ(user->account.locked_at, from_millis(7));
      EXPECT_EQ(user->account.suspended_at, std::nullopt);
      EXPECT_EQ(user->password_hash, "hash");
    }
    EXPECT_FALSE(find_user_by_id(tx, UserId{7}).has_value());
  });
}

TEST_P(ThreepidRowsTest, BelongToOneUser) {
  EXPECT_TRUE(insert(alice_, kAddress));
  EXPECT_FALSE(insert(bob_, kAddress));
  EXPECT_FALSE(insert(alice_, kAddress));
  EXPECT_FALSE(remove(bob_, kAddress));
  EXPECT_EQ(find(kAddress), "alice");
  EXPECT_TRUE(remove(alice_, kAddress));
  EXPECT_FALSE(remove(alice_, kAddress));
  EXPECT_TRUE(insert(bob_, kAddress));
  EXPECT_EQ(find(kAddress), "bob");
}

TEST_P(ThreepidRowsTest, AreListedAndForgottenTogether) {
  insert(alice_, kPhone);
  server_.clock.advance(1s);
  insert(alice_, kAddress);
  insert(bob_, {"email", "bob@example.com"});
  server_.db().write_now([&](db::Tx& tx) {
    const auto list = list_threepids(tx, alice_.id);
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0].threepid, kPhone);
    EXPECT_EQ(list[0].added_at, kNoon);
    EXPECT_EQ(list[1].threepid, kAddress);
    delete_threepids_of(tx, alice_.id);
    EXPECT_TRUE(list_threepids(tx, alice_.id).empty());
    EXPECT_EQ(list_threepids(tx, bob_.id).size(), 1U);
  });
}

}  // namespace
}  // namespace latchkey::accounts
