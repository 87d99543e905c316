#include "domain/sessions/unused_devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "domain/sessions/sessions_testing.h"

namespace latchkey::sessions {
namespace {

using namespace std::chrono_literals;
using testing::kNoon;
using testing::TestSessions;
constexpr Duration kDay = 24h;

TEST(ServedBetween, CountsWhatLiesInNoGap) {
  struct Case {
    std::string_view what;
    std::vector<Gap> gaps;
    Duration served;
  };
  const auto at = [](int hours) { return kNoon + std::chrono::hours{hours}; };
  for (const auto& [what, gaps, served] : {
           Case{"no gap", {}, 10h},
           Case{"one inside", {{at(2), at(5)}}, 7h},
           Case{"one over the beginning", {{at(-9), at(1)}}, 9h},
           Case{"one over the end", {{at(8), at(99)}}, 8h},
           Case{"one over everything", {{at(-1), at(11)}}, 0h},
           Case{"before and after", {{at(-5), at(-1)}, {at(11), at(12)}}, 10h},
           Case{"two that overlap", {{at(2), at(5)}, {at(3), at(6)}}, 6h},
           Case{"one in another", {{at(2), at(8)}, {at(3), at(4)}}, 4h},
           Case{"two that touch the ends", {{at(0), at(1)}, {at(9), at(10)}}, 8h},
       }) {
    EXPECT_EQ(served_between(gaps, at(0), at(10)), served) << what;
  }
  EXPECT_EQ(served_between({}, at(1), at(0)), 0h) << "a clock that was set back";
}

class UnusedDevices : public testing::OnEachEngine {
 protected:
  UnusedDevices() {
    take(30 * kDay);
    server_.sql("DELETE FROM gaps");
  }

  void take(Limit after) {
    Policy policy = testing::sample_policy();
    policy.delete_unused_devices_after = after;
    policy.maximum_idle = policy.maximum_age = policy.refresh_token_lifetime = {};
    policy.access_token_lifetime = policy.access_token_lifetime_without_refresh = {};
    server_.crash_and_take(policy);
  }
  // As housekeeping beats. Each hour is enough for the test, and is no silence to the server.
  void serve(Duration span) {
    server_.sql("UPDATE heartbeat SET at = at + :span", span.count());
    server_.clock.advance(span);
  }
  void run_through() {
    for (int i = 0; server_->delete_unused_devices(); ++i) ASSERT_LT(i, 10);
  }
  bool has_device(const TestSessions::SignedIn& of) {
    return server_.count("SELECT COUNT(*) FROM devices WHERE id = :id AND deleted_at IS NULL",
                         *of.session.record.device) == 1;
  }
  void use(const TestSessions::SignedIn& of) {
    EXPECT_TRUE(server_.check(of.access()).active());
    server_->flush_activity();
  }

  Account alice_ = server_.add_user("alice");
  TestSessions::SignedIn phone_ = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  TestSessions::SignedIn desk_ = server_.sign_in(alice_, TestSessions::refreshing("DESK"));
};

INSTANTIATE_TEST_SUITE_P(Engines, UnusedDevices, db::engines(), db::engine_name);

TEST_P(UnusedDevices, AreDeletedWhenTheirTimeIsOver) {
  serve(20 * kDay);
  use(desk_);
  serve(10 * kDay);
  run_through();
  EXPECT_TRUE(has_device(phone_)) << "thirty days, not more";
  serve(1h);
  run_through();
  EXPECT_FALSE(has_device(phone_));
  EXPECT_TRUE(has_device(desk_));
  EXPECT_EQ(server_.check(phone_.access()).worth, Worth::ended);
  EXPECT_TRUE(server_.check(desk_.access()).active());
  EXPECT_EQ(server_.row(phone_.id()).end_reason, EndReason::device_unused);
}

TEST_P(UnusedDevices, StayWhereNothingIsSaid) {
  take({});
  serve(3650 * kDay);
  EXPECT_FALSE(server_->delete_unused_devices());
  EXPECT_TRUE(has_device(phone_));
}

TEST_P(UnusedDevices, WhoseSessionEndedSoftlyAreUnusedSinceTheirLastUse) {
  server_.db().write_now([&](db::Tx& tx) {
    lock_account(tx, alice_.id);
    server_->end(tx, AllOf{alice_.id}, Ended::softly, EndReason::administrator_softly);
  });
  serve(29 * kDay);
  run_through();
  EXPECT_TRUE(has_device(phone_));
  serve(2 * kDay);
  run_through();
  EXPECT_FALSE(has_device(phone_));
}

TEST_P(UnusedDevices, WhoseUseWaitsToBeWrittenStay) {
  serve(31 * kDay);
  EXPECT_TRUE(server_.check(phone_.access()).active());
  run_through();
  EXPECT_TRUE(has_device(phone_));
  EXPECT_FALSE(has_device(desk_));
}

// By the node that deletes, though another one answered; and one that is killed has not lost it.
TEST_P(UnusedDevices, ThatAreUsedAgainAfterLongAreSeenAtOnce) {
  // Whose token is remembered for as long as it is good.
  NewSession plain = TestSessions::refreshing("BOT");
  plain.refreshes = false;
  const auto bot = server_.sign_in(alice_, plain);
  const auto seen = [&] { return server_.row(bot.id()).last_active_at; };
  for (const bool remembered : {false, true}) {
    const Time before = seen();
    serve(30h);
    EXPECT_TRUE(server_.check(bot.access()).active());
    EXPECT_EQ(seen(), before) << "a 24th of the time, not more";
    server_->flush_activity();
    if (!remembered) server_.crash();
    EXPECT_EQ(server_.remembers(bot.access()), remembered);
    server_.sql("DELETE FROM gaps");
    serve(31h);
    EXPECT_TRUE(server_.check(bot.access()).active());
    EXPECT_EQ(seen(), server_.clock.now()) << remembered;
  }
}

TEST_P(UnusedDevices, ThatRefreshedAreUsedThoughTheNodeWasKilledAtOnce) {
  serve(3h);
  ASSERT_TRUE(server_.refresh(phone_.refresh()).has_value());
  server_.crash();
  server_.sql("DELETE FROM gaps");
  serve(30 * kDay - 1h);
  run_through();
  EXPECT_TRUE(has_device(phone_));
  EXPECT_FALSE(has_device(desk_));
  serve(2h);
  run_through();
  EXPECT_FALSE(has_device(phone_));
}

TEST_P(UnusedDevices, ThatUsedNewTokensAreUsedAsSoonAsThatIsWritten) {
  const auto tokens = server_.refresh(phone_.refresh()).value();
  serve(3h);
  EXPECT_TRUE(server_.check(tokens.access_token).active());
  server_->flush_promotions();
  server_.crash();
  EXPECT_EQ(server_.row(phone_.id()).last_active_at, server_.clock.now());
}

// A refresh by a clock that is behind takes nothing of what was known before.
TEST_P(UnusedDevices, ARefreshWhileTheClockWasBehindMakesNothingOld) {
  serve(24 * kDay);
  ASSERT_TRUE(server_.check(phone_.access()).active());
  server_->flush_activity();
  const Time used = server_.row(phone_.id()).last_active_at;
  server_.clock.advance(-20 * kDay);
  const auto tokens = server_.refresh(phone_.refresh()).value();
  EXPECT_EQ(server_.row(phone_.id()).last_active_at, used);
  EXPECT_TRUE(server_.check(tokens.access_token).active());
  server_->flush_promotions();
  EXPECT_EQ(server_.row(phone_.id()).last_active_at, used);
}

// Also where nothing else is written, for the same pair is handed out again.
TEST_P(UnusedDevices, ThatRefreshAfterLongAreSeenAtOnce) {
  const auto seen = [&] { return server_.row(phone_.id()).last_active_at; };
  serve(1h);
  ASSERT_TRUE(server_.refresh(phone_.refresh()).has_value());
  const Time before = seen();
  EXPECT_EQ(before, server_.clock.now());
  serve(30h);
  ASSERT_TRUE(server_.refresh(phone_.refresh()).has_value());
  EXPECT_EQ(seen(), before) << "a 24th of the time, not more";
  serve(1h);
  ASSERT_TRUE(server_.refresh(phone_.refresh()).has_value());
  EXPECT_EQ(seen(), server_.clock.now());
}

// Between the look at all devices and the deletion of this one.
TEST_P(UnusedDevices, ThatAreUsedInThatVeryMomentStay) {
  if (GetParam() == db::Dialect::sqlite) GTEST_SKIP() << "nothing writes in between";
  serve(31 * kDay);
  std::jthread housekeeping;
  server_.db().write_now([&](db::Tx& tx) {
    lock_account(tx, alice_.id);
    tx.run("UPDATE sessions SET last_active_at = :now WHERE id = :id", server_.clock.now(),
           phone_.id());
    housekeeping = std::jthread([this] { run_through(); });
    EXPECT_TRUE(testing::soon([&] {
      return tx.one<int>("SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1").has_value();
    }));
  });
  housekeeping.join();
  EXPECT_TRUE(has_device(phone_));
  EXPECT_FALSE(has_device(desk_));
}

TEST_P(UnusedDevices, AClockThatJumpedMakesNothingOld) {
  server_.clock.advance(4000 * kDay);
  run_through();
  EXPECT_TRUE(has_device(phone_));
  run_through();
  EXPECT_TRUE(has_device(phone_)) << "the second time neither";
  server_.crash();
  run_through();
  EXPECT_TRUE(has_device(phone_)) << "nor after a restart";
  server_.clock.advance(-4000 * kDay);
  run_through();
  EXPECT_TRUE(has_device(phone_)) << "nor back again";
  server_.clock.advance(40 * kDay);
  run_through();
  EXPECT_TRUE(has_device(phone_)) << "nor on from there";
}

TEST_P(UnusedDevices, AServerThatStoodStillMakesNothingOld) {
  serve(5 * kDay);
  server_.clock.advance(100 * kDay);
  server_.crash();
  serve(24 * kDay);
  run_through();
  EXPECT_TRUE(has_device(phone_));
  serve(2 * kDay);
  run_through();
  EXPECT_FALSE(has_device(phone_));
}

TEST_P(UnusedDevices, SignInsWhileTheClockWasBehindAreNotOld) {
  serve(1h);
  server_.clock.advance(-400 * kDay);
  const auto late = server_.sign_in(alice_, TestSessions::refreshing("LATE"));
  server_.clock.advance(400 * kDay);
  run_through();
  EXPECT_TRUE(has_device(late));
}

TEST_P(UnusedDevices, OfLockedAccountsWait) {
  server_.lock(alice_);
  serve(100 * kDay);
  run_through();
  EXPECT_TRUE(has_device(phone_));
}

TEST_P(UnusedDevices, HaveTheirWholeTimeAgainOnceTheAccountIsUnlocked) {
  const Account bob = server_.add_user("bob");
  const auto bobs = server_.sign_in(bob, TestSessions::refreshing("PHONE"));
  server_.lock(alice_);
  serve(25 * kDay);
  server_.lock(alice_, false);
  server_.lock(alice_);
  serve(100 * kDay);
  server_.lock(alice_, false);
  run_through();
  EXPECT_FALSE(has_device(bobs));
  EXPECT_TRUE(has_device(phone_)) << "nobody could use it";
  serve(29 * kDay);
  use(desk_);
  run_through();
  EXPECT_TRUE(has_device(phone_));
  serve(2 * kDay);
  run_through();
  EXPECT_FALSE(has_device(phone_));
  EXPECT_TRUE(has_device(desk_));
}

// They belong to an application service, which made them.
TEST_P(UnusedDevices, WithoutASessionStay) {
  server_.sql("INSERT INTO devices (id, user_id, device_id) VALUES (1, :user, 'BOT')", alice_.id);
  serve(100 * kDay);
  run_through();
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM devices WHERE id = 1 AND deleted_at IS NULL"), 1);
  EXPECT_FALSE(has_device(phone_));
}

TEST_P(UnusedDevices, AreDeletedInBatches) {
  const Account bob = server_.add_user("bob");
  std::vector<TestSessions::SignedIn> many;
  many.reserve(250);
  for (int i = 0; i < 250; ++i) many.push_back(server_.sign_in(bob));
  serve(31 * kDay);
  const auto newest = server_.sign_in(bob);
  EXPECT_TRUE(server_->delete_unused_devices()) << "there is more to be done";
  EXPECT_GT(server_.count("SELECT COUNT(*) FROM devices WHERE deleted_at IS NULL"), 1);
  EXPECT_FALSE(server_->delete_unused_devices());
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM devices WHERE deleted_at IS NULL"), 1);
  EXPECT_TRUE(has_device(newest));
}

}  // namespace
}  // namespace latchkey::sessions
