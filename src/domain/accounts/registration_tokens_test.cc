#include "domain/accounts/registration_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/accounts/accounts_testing.h"

namespace latchkey::accounts {
namespace {

using namespace std::chrono_literals;
using sessions::Lock;
using sessions::testing::kNoon;
using ::testing::MatchesRegex;

TEST(RegistrationToken, WhatOneIsWorth) {
  using State = TokenState;
  struct Row {
    const char* name;
    RegistrationToken token;
    State state;
    bool usable;
  };
  const Row table[] = {
      {"without limits", {}, State::valid, true},
      {"often used", {.used = 1000, .pending = 1000}, State::valid, true},
      {"one use left", {.uses_allowed = 3, .used = 2}, State::valid, true},
      {"the last one held", {.uses_allowed = 3, .used = 2, .pending = 1}, State::valid, false},
      {"all held", {.uses_allowed = 3, .pending = 3}, State::valid, false},
      {"used up", {.uses_allowed = 3, .used = 3}, State::spent, false},
      {"a moment left", {.expires_at = kNoon + 1ms}, State::valid, true},
      {"expires now", {.expires_at = kNoon}, State::expired, false},
      {"expired", {.expires_at = kNoon - 1h}, State::expired, false},
      {"expired and used up",
       {.uses_allowed = 1, .used = 1, .expires_at = kNoon},
       State::expired,
       false},
      {"revoked", {.revoked_at = kNoon - 1h}, State::revoked, false},
      {"revoked by a clock ahead", {.revoked_at = kNoon + 1h}, State::revoked, false},
      {"revoked and expired",
       {.expires_at = kNoon - 1h, .revoked_at = kNoon},
       State::revoked,
       false},
  };
  for (const Row& row : table) {
    EXPECT_EQ(state_of(row.token, kNoon), row.state) << row.name;
    EXPECT_EQ(usable(row.token, kNoon), row.usable) << row.name;
  }
}

TEST(RegistrationToken, IsAnOpaqueIdentifier) {
  for (const auto* good : {"a", "Team-2026", "._~-", "0"}) {
    EXPECT_TRUE(valid_registration_token(good)) << good;
  }
  EXPECT_TRUE(valid_registration_token(std::string(64, 'a')));
  for (const auto* bad : {"", " ", "a b", "a/b", "a+b", "a=", "ä", "a\n"}) {
    EXPECT_FALSE(valid_registration_token(bad)) << bad;
  }
  EXPECT_FALSE(valid_registration_token(std::string(65, 'a')));
  EXPECT_THAT(make_registration_token(), MatchesRegex("[a-z0-9]{16}"));
  EXPECT_NE(make_registration_token(), make_registration_token());
}

class RegistrationTokensTest : public testing::AccountsOnEachEngine {
 protected:
  RegistrationTokenId insert(std::string_view text, RegistrationToken token = {}) {
    token.id = server_.ground().ids.next<RegistrationTokenId>(server_.clock.now());
    token.created_at = server_.clock.now();
    EXPECT_TRUE(server_.db().write_now(
        [&](db::Tx& tx) { return insert_registration_token(tx, token, text); }));
    return token.id;
  }
  std::optional<RegistrationTokenId> find(std::string_view text, std::string_view holder = {}) {
    return server_.db().read_now(
        [&](db::Tx& tx) { return find_usable(tx, text, server_.clock.now(), holder); });
  }
  bool use(RegistrationTokenId id) {
    return server_.db().write_now(
        [&](db::Tx& tx) { return accounts::use(tx, id, server_.clock.now()); });
  }
  bool revoke(RegistrationTokenId id) {
    return server_.db().write_now(
        [&](db::Tx& tx) { return revoke_registration_token(tx, id, server_.clock.now()); });
  }
  // As an authentication under way does.
  void hold(RegistrationTokenId id, std::string_view by, Time until) {
    server_.sql(
        "INSERT INTO auth_sessions (hash, operation, body, completed, registration_token,"
        " expires_at) VALUES (:hash, 'POST /register', '', '', :id, :until)",
        by, id, until);
  }
  void let_go(std::string_view by) {
    server_.sql("DELETE FROM auth_sessions WHERE hash = :hash", by);
  }
  RegistrationToken row(RegistrationTokenId id) {
    return server_.db().read_now(
        [&](db::Tx& tx) { return find_registration_token(tx, id, server_.clock.now()).value(); });
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, RegistrationTokensTest, db::engines(), db::engine_name);

TEST_P(RegistrationTokensTest, AreFoundByTheirTextWhichIsNotKept) {
  const auto id = insert("Team-2026");
  EXPECT_EQ(find("Team-2026"), id);
  for (const auto* other : {"team-2026", "Team-202", "Team-20266", "", "not a token"}) {
    EXPECT_EQ(find(other), std::nullopt) << other;
  }
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM registration_tokens WHERE hash LIKE '%Team%'"), 0);
  EXPECT_FALSE(server_.db().write_now([&](db::Tx& tx) {
    return insert_registration_token(tx, {.id = RegistrationTokenId{std::to_underlying(id) + 1}},
                                     "Team-2026");
  })) << "a text names one token";
}

TEST_P(RegistrationTokensTest, AUseIsCountedOnce) {
  const auto id = insert("twice", {.uses_allowed = 2});
  EXPECT_TRUE(use(id));
  EXPECT_TRUE(find("twice").has_value());
  EXPECT_TRUE(use(id));
  EXPECT_FALSE(use(id));
  EXPECT_EQ(find("twice"), std::nullopt);
  EXPECT_EQ(row(id).used, 2);
  EXPECT_EQ(state_of(row(id), kNoon), TokenState::spent);
  EXPECT_FALSE(use(RegistrationTokenId{7}));
}

TEST_P(RegistrationTokensTest, WhoHoldsTheLastUseGetsIt) {
  const auto id = insert("once", {.uses_allowed = 1});
  hold(id, "first", kNoon + 1h);
  EXPECT_EQ(row(id).pending, 1);
  EXPECT_EQ(find("once"), std::nullopt) << "somebody else's by now";
  EXPECT_EQ(find("once", "second"), std::nullopt);
  EXPECT_EQ(find("once", "first"), id) << "who holds it may show it again";
  server_.db().write_now([&](db::Tx& tx) {
    EXPECT_TRUE(accounts::use(tx, id, kNoon)) << "as it is held";
    tx.run("DELETE FROM auth_sessions WHERE hash = 'first'");
  });
  EXPECT_EQ(row(id).used, 1);
  EXPECT_EQ(row(id).pending, 0);
}

TEST_P(RegistrationTokensTest, WhatIsHeldBecomesFreeAgain) {
  const auto id = insert("once", {.uses_allowed = 1});
  hold(id, "first", kNoon + 1min);
  EXPECT_EQ(find("once"), std::nullopt);
  server_.clock.advance(1min);
  EXPECT_EQ(find("once"), id) << "the authentication has expired";
  hold(id, "second", kNoon + 1h);
  EXPECT_EQ(find("once"), std::nullopt);
  let_go("second");
  EXPECT_EQ(find("once"), id);
}

TEST_P(RegistrationTokensTest, RevokedOrExpiredMeanwhileItIsNoUse) {
  const auto revoked = insert("revoked");
  const auto expiring = insert("expiring", {.expires_at = kNoon + 1min});
  hold(revoked, "first", kNoon + 1h);
  hold(expiring, "second", kNoon + 1h);
  EXPECT_TRUE(revoke(revoked));
  EXPECT_FALSE(revoke(revoked));
  EXPECT_FALSE(revoke(RegistrationTokenId{7}));
  server_.clock.advance(1min);
  EXPECT_FALSE(use(revoked));
  EXPECT_FALSE(use(expiring));
  EXPECT_EQ(find("revoked"), std::nullopt);
  EXPECT_EQ(find("expiring"), std::nullopt);
  EXPECT_EQ(row(revoked).revoked_at, kNoon);
}

TEST_P(RegistrationTokensTest, AreListedNewestFirst) {
  const auto older = insert("older", {.name = "for the team", .uses_allowed = 3});
  server_.clock.advance(1s);
  const auto newer = insert("newer", {.expires_at = kNoon + 1h});
  hold(older, "first", kNoon + 1h);
  hold(older, "long gone", kNoon - 1h);
  const auto list = server_.db().read_now(
      [&](db::Tx& tx) { return list_registration_tokens(tx, server_.clock.now()); });
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].id, newer);
  EXPECT_EQ(list[0].name, "");
  EXPECT_EQ(list[0].uses_allowed, std::nullopt);
  EXPECT_EQ(list[0].expires_at, kNoon + 1h);
  EXPECT_EQ(list[1].id, older);
  EXPECT_EQ(list[1].name, "for the team");
  EXPECT_EQ(list[1].uses_allowed, 3);
  EXPECT_EQ(list[1].pending, 1);
  EXPECT_EQ(list[1].created_at, kNoon);
}

TEST_P(RegistrationTokensTest, OneOfManyAtOnceTakesTheLastUse) {
  insert("once", {.uses_allowed = 1});
  std::atomic<int> names = 0;
  const auto results = server_.race(3, [&](sessions::Use) -> Task<bool> {
    const std::string name = std::to_string(++names);
    co_return co_await server_.db().write([&](db::Tx& tx) {
      const auto id = find_usable(tx, "once", kNoon, {}, Lock::yes);
      if (!id) return false;
      tx.run(
          "INSERT INTO auth_sessions (hash, operation, body, completed, registration_token,"
          " expires_at) VALUES (:hash, 'POST /register', '', '', :id, :until)",
          name, *id, kNoon + 1h);
      return true;
    });
  });
  EXPECT_EQ(std::ranges::count(results, true), 1);
}

}  // namespace
}  // namespace latchkey::accounts
