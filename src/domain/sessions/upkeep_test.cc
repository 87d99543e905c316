// What housekeeping does over the rows: purging, heartbeats and gaps, activity, first uses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/sessions/lost_rows.h"
#include "domain/sessions/sessions_testing.h"
#include "domain/sessions/user_agents.h"
#include "platform/error_testing.h"

namespace latchkey::sessions {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::kNoon;
using testing::TestSessions;

class Upkeep : public testing::OnEachEngine {
 protected:
  using Gaps = std::vector<std::tuple<Time, Time>>;

  Upkeep() { server_.sql("DELETE FROM gaps"); }

  Gaps gaps() {
    return server_.db().read_now([](db::Tx& tx) {
      return tx.all<Time, Time>("SELECT from_at, to_at FROM gaps ORDER BY from_at, to_at");
    });
  }
  void add_gap(Time from, Time to) {
    server_.db().write_now([&](db::Tx& tx) { sessions::add_gap(tx, from, to, kNoon); });
  }
  Time heartbeat() {
    return server_.db().read_now(
        [](db::Tx& tx) { return std::get<0>(*tx.one<Time>("SELECT at FROM heartbeat")); });
  }
  void pass(Duration span) {
    for (; span > 0s; span -= 1min) {
      server_.clock.advance(1min);
      server_->heartbeat();
    }
  }
  ListedSession listed(SessionId id) {
    return server_.db().read_now([&](db::Tx& tx) {
      for (auto& one : list_sessions(tx, alice_.id)) {
        if (one.session.record.id == id) return one;
      }
      throw std::runtime_error("not listed");
    });
  }

  Account alice_ = server_.add_user("alice");
  TestSessions::SignedIn phone_ = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
};

INSTANTIATE_TEST_SUITE_P(Engines, Upkeep, db::engines(), db::engine_name);

// --- what an account can fill ---

TEST_P(Upkeep, WhoSignsInAndOutAgainAndAgainFillsNothing) {
  const auto rows = [&](const char* table) {
    return server_.count(std::string("SELECT COUNT(*) FROM ") + table);
  };
  NewSession app;
  app.grant = ClientGrant{"app", "openid"};
  for (int i = 0; i < 520; ++i) {
    ASSERT_TRUE(server_.sign_out(server_.sign_in(alice_).access()).has_value());
    const auto website = server_.sign_in(alice_, app);
    ASSERT_TRUE(testing::run(server_->revoke(TestSessions::use(), website.access())).has_value());
  }
  pass(5min);  // until then their rows would look lost
  for (int i = 0; i < 10; ++i) {
    const auto session = server_.sign_in(alice_);
    ASSERT_TRUE(server_.sign_out(session.access()).has_value());
    EXPECT_EQ(server_.check(session.access()).worth, Worth::ended);
  }
  EXPECT_LE(rows("devices"), 502);
  EXPECT_LE(rows("sessions"), 1003);
  EXPECT_TRUE(server_.refresh(phone_.refresh()).has_value()) << "what is open stays";
}

TEST_P(Upkeep, TheOldestOfThemAreOverForGoodAllTheSame) {
  const auto first = server_.sign_in(alice_);
  ASSERT_TRUE(server_.sign_out(first.access()).has_value());
  for (int i = 0; i < 500; ++i) {
    server_.clock.advance(1ms);
    server_.sign_out(server_.sign_in(alice_).access()).value();
  }
  pass(5min);
  server_.sign_out(server_.sign_in(alice_).access()).value();
  ASSERT_FALSE(server_.has_row(first.id()));
  EXPECT_EQ(server_.check(first.access()).worth, Worth::ended);
}

TEST_P(Upkeep, UserAgentsThatNoSessionNamesGo) {
  const auto agents = [&] { return server_.count("SELECT COUNT(*) FROM user_agents"); };
  server_.sql("DELETE FROM user_agents");
  NewSession desk = TestSessions::refreshing("DESK");
  desk.origin.user_agent = "Desk/1.0";
  const auto session = server_.sign_in(alice_, desk);
  NewSession other = TestSessions::refreshing("OTHER");
  other.origin.user_agent = "Other/1.0";
  server_.sign_in(alice_, other);
  EXPECT_EQ(agents(), 2);
  ASSERT_TRUE(server_.sign_out(session.access()).has_value());
  pass(5min);
  server_->purge();
  EXPECT_EQ(agents(), 2) << "the row that is over names it";
  server_.clock.advance(24h * 400);
  server_->purge();
  EXPECT_EQ(agents(), 1);
  server_.sign_in(alice_, desk);
  server_->purge();
  EXPECT_EQ(agents(), 2);
}

// As with more sessions than are looked at in an hour.
TEST_P(Upkeep, UserAgentsAreLookedForInParts) {
  const auto agents = [&] {
    std::vector<std::string> texts;
    server_.db().read_now([&](db::Tx& tx) {
      tx.each<std::string>("SELECT text FROM user_agents ORDER BY text",
                           [&](std::string text) { texts.push_back(std::move(text)); });
    });
    return texts;
  };
  const auto sign_in = [&](const char* device, const char* agent) {
    NewSession wanted = TestSessions::refreshing(device);
    wanted.origin.user_agent = agent;
    return server_.sign_in(alice_, wanted);
  };
  const auto walk = [&] { purge_user_agents(server_.db(), Batches(), server_.clock.now(), 1); };
  server_.sql("DELETE FROM user_agents");
  sign_in("A", "Of one");
  sign_in("B", "Of nobody");
  sign_in("C", "Of another");
  server_.sql("UPDATE sessions SET user_agent = NULL WHERE device_id = 'B'");
  server_.clock.advance(3h);
  const auto under_way = [&] { return server_.count("SELECT COUNT(*) FROM user_agents_walk") > 0; };
  for (int looked_at = 1; looked_at <= 3; ++looked_at) {
    walk();
    ASSERT_TRUE(under_way());
    EXPECT_THAT(agents(), ElementsAre("Of another", "Of nobody", "Of one"));
  }
  sign_in("D", "Of a newcomer");
  const auto sessions = server_.count("SELECT COUNT(*) FROM sessions");
  for (std::int64_t looked_at = 3; looked_at < sessions; ++looked_at) {
    walk();
    ASSERT_TRUE(under_way());
  }
  walk();
  EXPECT_FALSE(under_way());
  EXPECT_THAT(agents(), ElementsAre("Of a newcomer", "Of another", "Of one"));
}

// What was looked at is noted once all of it counts, so a walk that is stopped loses nothing.
TEST_P(Upkeep, AWalkThatIsStoppedGoesOnWhereItWas) {
  server_.sql("DELETE FROM user_agents");
  NewSession desk = TestSessions::refreshing("DESK");
  desk.origin.user_agent = "Desk/1.0";
  server_.sign_in(alice_, desk);
  server_.clock.advance(3h);
  const auto sessions = server_.count("SELECT COUNT(*) FROM sessions");
  for (int asked = 0; asked < 4; ++asked) {
    int left = asked;
    purge_user_agents(server_.db(), Batches([&] { return left-- > 0; }), server_.clock.now(),
                      sessions);
  }
  purge_user_agents(server_.db(), Batches(), server_.clock.now(), 100);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM user_agents"), 1);
}

// --- heartbeats and gaps ---

TEST_P(Upkeep, BeatsOnlyForward) {
  server_.clock.advance(1min);
  server_->heartbeat();
  EXPECT_EQ(heartbeat(), kNoon + 1min);
  server_.clock.advance(-1h);
  server_->heartbeat();
  EXPECT_EQ(heartbeat(), kNoon + 1min);
  EXPECT_THAT(gaps(), ElementsAre());
}

TEST_P(Upkeep, AStartNotesWhatMayBeLost) {
  pass(5min);
  server_.clock.advance(1h);
  server_.crash();
  EXPECT_THAT(gaps(), ElementsAre(std::tuple(kNoon + 4min, kNoon + 66min)));
  EXPECT_EQ(heartbeat(), kNoon + 65min);
}

TEST_P(Upkeep, AFirstStartNotesThatAnotherDatabaseMayHaveBeenHere) {
  server_.sql("DELETE FROM heartbeat");
  server_.sql("DELETE FROM sessions");
  server_.clock.advance(1h);
  server_.crash();
  // Another node's clock may have been a minute ahead of this one's.
  EXPECT_THAT(gaps(), ElementsAre(std::tuple(Time{}, kNoon + 61min)));
  const Standing standing = server_.check(phone_.access());
  EXPECT_EQ(standing.worth, Worth::soft);
  EXPECT_EQ(standing.reason, Reason::lost);
  const auto older = [&] { return server_.db().read_now(may_be_older); };
  EXPECT_FALSE(older()) << "it is new";
  server_.crash();
  EXPECT_EQ(gaps().size(), 2U);
  EXPECT_TRUE(older());
}

TEST_P(Upkeep, ADatabaseWhoseKeysAreAsNewLacksNothing) {
  server_.sql("DELETE FROM heartbeat");
  server_.crash();
  EXPECT_THAT(gaps(), ElementsAre(std::tuple(Time{}, kNoon)));
}

TEST_P(Upkeep, AStartWithItsClockBehindNotesTheMinutesAroundTheHeartbeat) {
  pass(5min);
  server_.clock.advance(-24h);
  server_.crash();
  EXPECT_THAT(gaps(), ElementsAre(std::tuple(kNoon + 4min, kNoon + 6min)));
  EXPECT_EQ(heartbeat(), kNoon + 5min);
  EXPECT_GE(IdSource::born(server_.sign_in(alice_).id()), kNoon + 5min);
}

TEST_P(Upkeep, ALongSilenceBecomesAGap) {
  pass(5min);
  server_.clock.advance(3min);
  server_->heartbeat();
  EXPECT_THAT(gaps(), ElementsAre()) << "a loaded machine beats late";
  server_.clock.advance(3min + 1ms);
  server_->heartbeat();
  EXPECT_THAT(gaps(), ElementsAre(std::tuple(kNoon + 7min, kNoon + 12min + 1ms)));
}

TEST_P(Upkeep, IdsFollowTheHeartbeat) {
  pass(5min);
  server_.clock.advance(-24h);
  EXPECT_GE(IdSource::born(server_.sign_in(alice_).id()), kNoon + 5min);
  server_.sql("UPDATE heartbeat SET at = :at", kNoon + 10min);  // another node's
  server_->heartbeat();
  EXPECT_EQ(heartbeat(), kNoon + 10min);
  EXPECT_GE(IdSource::born(server_.sign_in(alice_).id()), kNoon + 10min);
}

TEST_P(Upkeep, GapsThatTouchGrowTogether) {
  add_gap(kNoon, kNoon + 10min);
  add_gap(kNoon + 1min, kNoon + 9min);
  add_gap(kNoon + 5min, kNoon + 15min);
  add_gap(kNoon + 15min, kNoon + 20min);
  EXPECT_THAT(gaps(), ElementsAre(std::tuple(kNoon, kNoon + 20min)));
  add_gap(kNoon + 1h, kNoon + 2h);
  EXPECT_EQ(gaps().size(), 2U);
}

TEST_P(Upkeep, AGapHoldsItsEndAndNotItsBegin) {
  add_gap(kNoon, kNoon + 10min);
  const auto holds = [this](Time born) {
    return server_.db().read_now([born](db::Tx& tx) { return in_gap(tx, born); });
  };
  EXPECT_FALSE(holds(kNoon));
  EXPECT_TRUE(holds(kNoon + 1ms));
  EXPECT_TRUE(holds(kNoon + 10min));
  EXPECT_FALSE(holds(kNoon + 10min + 1ms));
}

// --- purging ---

TEST_P(Upkeep, PurgesWhatEndedLongAgoAndItsTokensStayHard) {
  pass(10min);
  server_.sign_out(phone_.access()).value();
  server_.clock.advance(24h * 90);
  server_->heartbeat();
  server_.sql("DELETE FROM gaps");  // that silence was the test's
  server_->purge();
  EXPECT_TRUE(server_.has_row(phone_.id())) << "ended just 90 days ago";
  server_.clock.advance(1ms);
  server_->purge();
  EXPECT_FALSE(server_.has_row(phone_.id()));
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM devices"), 0);
  EXPECT_EQ(server_.check(phone_.access()).reason, Reason::purged);
  EXPECT_EQ(error_of(server_.refresh(phone_.refresh())).worth, Worth::ended);
}

TEST_P(Upkeep, DeletesNothingByAClockThatHasJustJumped) {
  server_.sign_out(phone_.access()).value();
  server_.clock.advance(24h * 365);
  server_->purge();
  EXPECT_TRUE(server_.has_row(phone_.id()));
  EXPECT_EQ(server_.check(phone_.access()).worth, Worth::ended);
}

TEST_P(Upkeep, KeepsWhatLivesOrEndedSoftlyHoweverOld) {
  const auto softly = server_.sign_in(alice_, TestSessions::refreshing("TABLET"));
  server_.sign_in(alice_, TestSessions::refreshing("TABLET"));
  server_.clock.advance(24h * 3650);
  server_->purge();
  EXPECT_TRUE(server_.has_row(phone_.id()));
  EXPECT_EQ(server_.check(softly.access()).worth, Worth::soft);
}

// An app's, without a Matrix scope: its token is told apart from one that never was by the row
// alone.
TEST_P(Upkeep, KeepsWhatEndedSoftlyWithoutADevice) {
  NewSession wanted = TestSessions::refreshing();
  wanted.grant = ClientGrant{"app", "openid"};
  const auto app = server_.sign_in(alice_, wanted);
  const auto over = server_.sign_in(alice_, wanted);
  server_.db().write_now([&](db::Tx& tx) {
    lock_account(tx, alice_.id);
    server_->end(tx, app.session, Ended::softly, EndReason::administrator_softly);
    server_->end(tx, over.session, Ended::for_good, EndReason::administrator);
  });
  pass(10min);
  server_.clock.advance(24h * 3650);
  server_->heartbeat();
  server_.sql("DELETE FROM gaps");
  server_->purge();
  EXPECT_TRUE(server_.has_row(app.id()));
  EXPECT_FALSE(server_.has_row(over.id()));
}

TEST_P(Upkeep, KeepsEndedRowsBornInAGap) {
  pass(10min);
  server_.sign_out(phone_.access()).value();
  add_gap(kNoon - 1min, kNoon + 1min);
  const auto tablet = server_.sign_in(alice_, TestSessions::refreshing("TABLET"));
  pass(10min);
  server_.sign_out(tablet.access()).value();
  server_.clock.advance(24h * 100);
  server_->heartbeat();
  server_.sql("DELETE FROM gaps WHERE from_at > :begin", kNoon);
  server_->purge();
  EXPECT_TRUE(server_.has_row(phone_.id()));
  EXPECT_FALSE(server_.has_row(tablet.id()));
  EXPECT_EQ(server_.check(phone_.access()).worth, Worth::ended);
}

TEST_P(Upkeep, KeepsEndedRowsWhoseAbsenceWouldLookLikeALoss) {
  server_.clock.advance(-24h * 400);  // ids stand still, ends go by this clock
  server_.sign_out(phone_.access()).value();
  server_.clock.advance(24h * 100);
  server_->purge();
  EXPECT_TRUE(server_.has_row(phone_.id()));
  EXPECT_EQ(server_.check(phone_.access()).worth, Worth::ended);
}

TEST_P(Upkeep, PurgesPastManyThatItKeeps) {
  constexpr int kMany = 600;  // more than a batch
  server_.db().write_now([&](db::Tx& tx) {
    for (std::int64_t i = 0; i < kMany; ++i) {
      tx.run(
          "INSERT INTO devices (id, user_id, device_id, deleted_at) VALUES (:id, :user, :name, 1)",
          i + 1, alice_.id, std::to_string(i));
      Record record = phone_.session.record;
      record.id = SessionId{(to_millis(kNoon - 24h * 365) << 21) + i};
      record.device = DeviceKey{i + 1};
      insert_session(tx, record, {});
      end_session(tx, record.id, Ended::for_good, EndReason::logout, from_millis(1));
    }
  });
  add_gap(kNoon - 24h * 366, kNoon - 24h * 364);
  pass(2min);
  server_.sign_out(phone_.access()).value();
  server_.clock.advance(24h * 91);
  server_->heartbeat();
  server_.sql("DELETE FROM gaps WHERE from_at > :begin", kNoon - 24h);
  server_->purge();
  EXPECT_FALSE(server_.has_row(phone_.id()));
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM sessions"), kMany);
}

// --- activity ---

TEST_P(Upkeep, WritesWhenWhenceAndWithWhatASessionWasUsed) {
  server_.clock.advance(2min);
  const Use use{.worker = 3, .address = "2001:db8::7", .user_agent = "Other/2"};
  testing::run(server_->check(use, phone_.access()));
  EXPECT_EQ(server_.row(phone_.id()).last_active_at, kNoon) << "in batches";
  server_->flush_activity();
  const ListedSession now = listed(phone_.id());
  EXPECT_EQ(now.session.record.last_active_at, kNoon + 2min);
  EXPECT_EQ(now.address, "2001:db8::7");
  EXPECT_EQ(now.user_agent, "Other/2");
}

TEST_P(Upkeep, AHomeserverThatAsksTellsNoAddress) {
  server_.clock.advance(2min);
  testing::run(server_->check({.worker = 0, .address = {}, .user_agent = {}}, phone_.access()));
  server_->flush_activity();
  const ListedSession now = listed(phone_.id());
  EXPECT_EQ(now.session.record.last_active_at, kNoon + 2min);
  EXPECT_EQ(now.address, "192.0.2.1");
  EXPECT_EQ(now.user_agent, "Client/1.0");
}

TEST_P(Upkeep, ActivityOfManySessionsKeepsTheUserAgentOfEach) {
  const auto tablet = server_.sign_in(alice_, TestSessions::refreshing("TABLET"));
  const auto laptop = server_.sign_in(alice_, TestSessions::refreshing("LAPTOP"));
  Activity activity(1);
  activity.note(0, phone_.id(), kNoon + 1min, {"192.0.2.9", "Other/2"});
  activity.note(0, tablet.id(), kNoon + 1min, {"192.0.2.9", "Other/3"});
  activity.note(0, laptop.id(), kNoon + 1min, {"192.0.2.9", "Other/2"});
  activity.flush(server_.db());
  EXPECT_EQ(listed(phone_.id()).user_agent, "Other/2");
  EXPECT_EQ(listed(tablet.id()).user_agent, "Other/3");
  EXPECT_EQ(listed(laptop.id()).user_agent, "Other/2");
}

TEST_P(Upkeep, ActivityOnlyMovesForward) {
  const auto write = [this](Time at) {
    server_.db().write_now(
        [&](db::Tx& tx) { update_activity(tx, phone_.id(), at, {"192.0.2.9", ""}); });
  };
  write(kNoon + 1min);
  write(kNoon);
  EXPECT_EQ(server_.row(phone_.id()).last_active_at, kNoon + 1min);
}

TEST_P(Upkeep, ActivityThatCouldNotBeWrittenIsKept) {
  Activity activity(1);
  activity.note(0, phone_.id(), kNoon + 1min, {"192.0.2.9", "A"});
  db::TestDatabase away(GetParam());
  away.reopen();
  away->close();
  EXPECT_THROW(activity.flush(*away), db::Unavailable);
  activity.flush(server_.db());
  EXPECT_EQ(server_.row(phone_.id()).last_active_at, kNoon + 1min);
  activity.note(0, phone_.id(), kNoon + 2min, {"192.0.2.10", "B"});
  EXPECT_THROW(activity.flush(*away), db::Unavailable);
  activity.note(0, phone_.id(), kNoon + 3min, {"192.0.2.11", "C"});
  activity.flush(server_.db());
  EXPECT_EQ(server_.row(phone_.id()).last_active_at, kNoon + 3min);
  EXPECT_EQ(listed(phone_.id()).address, "192.0.2.11");
}

TEST_P(Upkeep, AHomeserverThatAsksTakesNoAddressBackThatWasNotedJustBefore) {
  Activity activity(1);
  activity.note(0, phone_.id(), kNoon + 1min, {"192.0.2.9", "A"});
  activity.note(0, phone_.id(), kNoon + 2min, {});
  activity.flush(server_.db());
  EXPECT_EQ(server_.row(phone_.id()).last_active_at, kNoon + 2min);
  EXPECT_EQ(listed(phone_.id()).address, "192.0.2.9");
}

TEST_P(Upkeep, ManySessionsAreWrittenInSeveralTransactions) {
  Activity activity(2);
  for (std::int64_t id = 1; id <= 1100; ++id) {
    activity.note(0, SessionId{id}, kNoon + 1min, {"192.0.2.9", "A"});
  }
  activity.note(1, phone_.id(), kNoon + 1min, {"192.0.2.9", "A"});
  activity.flush(server_.db());
  EXPECT_EQ(server_.row(phone_.id()).last_active_at, kNoon + 1min);
}

// --- first uses ---

// As after the database's failover to an older copy.
TEST(Promotions, OfAPairThatTheRowDoesNotKnowPromoteNothing) {
  Promotions promotions;
  Record row = testing::sample_record();
  promotions.note(row.id, row.issued + 12, kNoon);
  promotions.apply(row);
  EXPECT_EQ(row.seen, 7);
  EXPECT_EQ(row.issued, 8);
}

class Promote : public Upkeep {
 protected:
  Promote() {
    Record row = server_.row(phone_.id());
    row.issued = 1;
    row.issued_at = kNoon + 1min;
    server_.put_back(row);
  }
  Record applied() {
    Record row = server_.row(phone_.id());
    promotions_.apply(row);
    return row;
  }
  Promotions promotions_;
};

INSTANTIATE_TEST_SUITE_P(Engines, Promote, db::engines(), db::engine_name);

TEST_P(Promote, AppliesAtOnceAndWritesLater) {
  promotions_.note(phone_.id(), 1, kNoon + 2min);
  EXPECT_EQ(server_.row(phone_.id()).seen, 0);
  EXPECT_EQ(applied().seen, 1);
  promotions_.flush(server_.db(), server_->announcer());
  const Record row = server_.row(phone_.id());
  EXPECT_EQ(row.seen, 1);
  EXPECT_EQ(row.seen_at, kNoon + 2min);
  EXPECT_EQ(row.seen_issued_at, kNoon + 1min);
  EXPECT_EQ(row.previous_issued_at, kNoon);
}

TEST_P(Promote, TheFirstUseCounts) {
  promotions_.note(phone_.id(), 1, kNoon + 2min);
  promotions_.note(phone_.id(), 1, kNoon + 3min);
  promotions_.note(phone_.id(), 0, kNoon + 4min);
  EXPECT_EQ(applied().seen_at, kNoon + 2min);
}

TEST_P(Promote, OnlyForwardAndOnlyWhileItIsTheNewest) {
  promotions_.note(phone_.id(), 1, kNoon + 2min);
  Record row = server_.row(phone_.id());
  row.promote(1, kNoon + 90s);
  row.issued = 2;
  server_.put_back(row);
  EXPECT_EQ(applied().seen_at, kNoon + 90s);
  promotions_.flush(server_.db(), server_->announcer());
  EXPECT_EQ(server_.row(phone_.id()).seen_at, kNoon + 90s);
}

TEST_P(Promote, SetsItsOwnColumnsAlone) {
  promotions_.note(phone_.id(), 1, kNoon + 2min);
  server_.sign_out(phone_.access()).value();
  promotions_.flush(server_.db(), server_->announcer());
  EXPECT_EQ(server_.row(phone_.id()).ended, Ended::for_good);
}

// Other nodes remember the older token, which has a grace to watch from now on.
TEST_P(Promote, TellsOtherNodes) {
  if (GetParam() == db::Dialect::sqlite) GTEST_SKIP() << "has no other nodes";
  std::mutex mutex;
  std::vector<std::string> heard;
  const std::string id = std::to_string(std::to_underlying(phone_.id()));
  const auto heard_of_it = [&] {
    const std::scoped_lock lock(mutex);
    return std::ranges::any_of(heard, [&](const auto& said) { return said.contains(id); });
  };
  const auto listener = server_.db().listen({.on_message =
                                                 [&](std::string_view payload) {
                                                   const std::scoped_lock lock(mutex);
                                                   heard.emplace_back(payload);
                                                 },
                                             .on_reconnect = {}});
  server_.clock.advance(1min);
  const TokenPair fresh = server_.refresh(phone_.refresh()).value();  // once more, and no news
  EXPECT_TRUE(server_.check(fresh.access_token).active());
  server_->flush_promotions();
  EXPECT_TRUE(testing::soon(heard_of_it));
}

TEST_P(Promote, WhatCouldNotBeWrittenIsKept) {
  promotions_.note(phone_.id(), 1, kNoon + 2min);
  {
    db::TestDatabase away(GetParam());
    away.reopen();
    away->close();
    EXPECT_THROW(promotions_.flush(*away, server_->announcer()), db::Unavailable);
  }
  EXPECT_EQ(applied().seen, 1);
  promotions_.flush(server_.db(), server_->announcer());
  EXPECT_EQ(server_.row(phone_.id()).seen, 1);
}

TEST_P(Promote, ASessionThatIsGoneIsNoMatter) {
  promotions_.note(phone_.id(), 1, kNoon + 2min);
  server_.lose_row(phone_.id());
  promotions_.flush(server_.db(), server_->announcer());
}

}  // namespace
}  // namespace latchkey::sessions
