// Programs that sign in to the same device at each of their starts.
#include "domain/sessions/folded_sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/sessions/lost_rows.h"
#include "domain/sessions/sessions_testing.h"
#include "platform/error_testing.h"

namespace latchkey::sessions {
namespace {

using namespace std::chrono_literals;
using testing::TestSessions;

class FoldedSessions : public testing::OnEachEngine {
 protected:
  FoldedSessions() {
    server_.sql("DELETE FROM gaps");
    bot_ = server_.add_user("bot");
  }

  // Starts of a program, with a minute and a heartbeat between them.
  std::vector<TestSessions::SignedIn> start(int times, const NewSession& wanted) {
    std::vector<TestSessions::SignedIn> started;
    for (int i = 0; i < times; ++i) {
      pass(1min);
      started.push_back(server_.sign_in(bot_, wanted));
    }
    return started;
  }
  std::vector<TestSessions::SignedIn> start(int times) {
    return start(times, TestSessions::refreshing("BOT"));
  }
  void pass(Duration span) {
    for (; span > 0s; span -= 1min) {
      server_.clock.advance(1min);
      server_->heartbeat();
    }
  }
  std::int64_t rows() { return server_.count("SELECT COUNT(*) FROM sessions"); }
  std::int64_t devices() { return server_.count("SELECT COUNT(*) FROM devices"); }
  void expect(std::string_view token, Worth worth, Reason reason) {
    const Standing standing = server_.check(token);
    EXPECT_EQ(standing.worth, worth);
    EXPECT_EQ(standing.reason, reason);
  }

  Account bot_;
};

INSTANTIATE_TEST_SUITE_P(Engines, FoldedSessions, db::engines(), db::engine_name);

TEST_P(FoldedSessions, ManySignInsToOneDeviceLeaveFewRows) {
  start(30);
  const std::int64_t after_30 = rows();
  start(40);
  EXPECT_EQ(rows(), after_30);
  EXPECT_LE(rows(), static_cast<std::int64_t>(kKeptSoftSessions) + 4);
  EXPECT_EQ(devices(), 1);
}

TEST_P(FoldedSessions, TheirTokensAreRefusedSoftlyForGood) {
  const auto started = start(30);
  pass(1min);
  EXPECT_FALSE(server_.has_row(started[0].id()));
  for (const auto& before : std::span(started).first(29)) {
    expect(before.access(), Worth::soft, Reason::ended_softly);
    const auto refreshed = server_.refresh(before.refresh());
    ASSERT_FALSE(refreshed.has_value());
    EXPECT_EQ(error_of(refreshed).worth, Worth::soft);
    EXPECT_EQ(error_of(refreshed).reason, Reason::ended_softly);
  }
  EXPECT_TRUE(server_.check(started.back().access()).active()) << "their use has ended nothing";
  server_.clock.advance(24h * 400);
  server_->heartbeat();
  server_->purge();
  server_.sql("DELETE FROM gaps");
  expect(started[0].access(), Worth::soft, Reason::ended_softly);
}

TEST_P(FoldedSessions, TheyAreOverWhenThePersonSignsTheDeviceOut) {
  const auto started = start(30);
  pass(3min);
  ASSERT_TRUE(server_.sign_out(started.back().access()).has_value());
  expect(started[0].access(), Worth::ended, Reason::purged);
  // On a new device of the same name they stay so.
  const auto again = start(30);
  expect(started[0].access(), Worth::ended, Reason::purged);
  expect(again[0].access(), Worth::soft, Reason::ended_softly);
}

TEST_P(FoldedSessions, AnOldOneDoesNotSignTheDeviceOut) {
  const auto started = start(30);
  pass(3min);
  const auto refused = server_.sign_out(started[0].access());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(error_of(refused).worth, Worth::soft);
  EXPECT_TRUE(server_.check(started.back().access()).active());
  // One that was taken over a little while ago may: "log out fully".
  EXPECT_TRUE(server_.sign_out(started[28].access()).has_value());
  EXPECT_FALSE(server_.check(started.back().access()).active());
}

TEST_P(FoldedSessions, OfALockedAccountTheyAreLocked) {
  const auto started = start(30);
  server_.lock(bot_);
  expect(started[0].access(), Worth::locked, Reason::account_locked);
  server_.lock(bot_, false);
  expect(started[0].access(), Worth::soft, Reason::ended_softly);
}

TEST_P(FoldedSessions, OthersThatWerePurgedAreNotTakenForThem) {
  const auto phone = server_.sign_in(bot_, TestSessions::refreshing("PHONE"));
  start(15);
  const auto tablet = server_.sign_in(bot_, TestSessions::refreshing("TABLET"));
  start(30);
  server_.lose_row(phone.id());
  server_.lose_row(tablet.id());
  expect(tablet.access(), Worth::ended, Reason::purged);
  expect(phone.access(), Worth::ended, Reason::purged);
}

// Their absence alone would tell of a loss, and the end of their device would then be forgotten.
TEST_P(FoldedSessions, ThoseThatWouldLookLostKeepTheirRows) {
  const auto early = start(8);
  server_.db().write_now([&](db::Tx& tx) {
    const Time now = server_.clock.now();
    add_gap(tx, now - 1h, now + 1s, now);
  });
  const auto later = start(40);
  EXPECT_LE(rows(), 8 + static_cast<std::int64_t>(kKeptSoftSessions) + 4);
  pass(3min);
  ASSERT_TRUE(server_.sign_out(later.back().access()).has_value());
  for (const auto& one : early) expect(one.access(), Worth::ended, Reason::ended_for_good);
  expect(later[0].access(), Worth::ended, Reason::purged);
}

// A storm within a minute: nothing can be told from a loss yet. Afterwards it is caught up with.
TEST_P(FoldedSessions, AStormIsCaughtUpWith) {
  for (int i = 0; i < 60; ++i) server_.sign_in(bot_, TestSessions::refreshing("BOT"));
  EXPECT_GE(rows(), 50);
  start(12);
  EXPECT_LE(rows(), 14);
}

// The client is told when such a session is over for good, so that must be known until then.
TEST_P(FoldedSessions, ThoseWithAnIdTokenKeepTheirRows) {
  NewSession wanted = TestSessions::refreshing("BOT");
  wanted.grant = ClientGrant{"app", "openid urn:matrix:client:api:*"};
  start(30, wanted);
  EXPECT_EQ(rows(), 30);
  wanted.grant = ClientGrant{"app", "urn:matrix:client:api:* urn:matrix:client:device:BOT"};
  start(60, wanted);
  EXPECT_LE(rows(), 30 + static_cast<std::int64_t>(kKeptSoftSessions) + 4);
}

TEST_P(FoldedSessions, APileFromBeforeIsPassedOver) {
  const auto first = server_.sign_in(bot_, TestSessions::refreshing("BOT"));
  const std::int64_t id = std::to_underlying(first.id());
  for (int i = 1; i <= 50; ++i) {
    Record old = first.session.record;
    old.id = SessionId{(id - (std::int64_t{i} << 21)) ^ 1};
    old.ended = Ended::softly;
    server_.db().write_now([&](db::Tx& tx) { insert_session(tx, old, {}); });
  }
  start(30);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM sessions WHERE id < :id", first.id()), 50);
  EXPECT_LE(rows(), 50 + static_cast<std::int64_t>(kKeptSoftSessions) + 4);
}

}  // namespace
}  // namespace latchkey::sessions
