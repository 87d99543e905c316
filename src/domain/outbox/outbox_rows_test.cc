// The outbox's rows as one worker after another sees them, on both databases.
#include "domain/outbox/outbox_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "domain/outbox/retry.h"
#include "domain/schema/schema.h"
#include "platform/db/engines_testing.h"
#include "platform/db/migration.h"

namespace latchkey::outbox {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Time kNoon{std::chrono::hours{24 * 365 * 50}};
constexpr UserId kAlice{1};
constexpr UserId kBob{2};

class OutboxRows : public ::testing::TestWithParam<db::Dialect> {
 protected:
  OutboxRows() { db::migrate(*database_, schema::migrations()); }

  template <class Fn>
  auto write(Fn fn) {
    return database_->write_now(fn);
  }
  void append(UserId user, const std::string& payload, const std::string& destination = "",
              const std::string& consumer = "mail") {
    database_->write_now(
        [&](db::Tx& tx) { outbox_.append(tx, {consumer, destination, user, "kind", payload}); });
  }
  std::optional<Work> claim(Attempts which = Attempts::first, const char* consumer = "mail") {
    const bool due =
        database_->read_now([&](db::Tx& tx) { return is_due(tx, consumer, which, clock_.now()); });
    auto work = write([&](db::Tx& tx) { return claim_due(tx, consumer, which, clock_.now()); });
    EXPECT_EQ(work.has_value(), due);
    return work;
  }
  std::optional<Work> settled(const Work& work, Then then = Then::go_on) {
    return write([&](db::Tx& tx) { return settle(tx, work, then, clock_.now()); });
  }
  void fail(const Work& work, Duration delay) {
    write([&](db::Tx& tx) { return put_off(tx, work.held, clock_.now() + delay); });
  }
  std::int64_t count(const std::string& table) {
    return database_->read_now([&](db::Tx& tx) {
      return std::get<0>(*tx.one<std::int64_t>("SELECT COUNT(*) FROM " + table));
    });
  }

  ManualClock clock_{kNoon};
  Outbox outbox_{clock_};
  db::TestDatabase database_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, OutboxRows, db::engines(), db::engine_name);

TEST_P(OutboxRows, WhatSaysThatSomethingHasChangedWaitsOnce) {
  const auto changed = [&](UserId user, const std::string& payload) {
    write([&](db::Tx& tx) { outbox_.append(tx, {"mail", "", user, "kind", payload, true}); });
  };
  changed(kAlice, "one");
  auto work = claim();
  ASSERT_TRUE(work);
  // It may be told how things were before these.
  for (int i = 0; i < 3; ++i) {
    clock_.advance(1s);
    changed(kAlice, "one");
    changed(kAlice, "two");
    changed(kBob, "one");
  }
  EXPECT_EQ(count("outbox"), 5);
  work = settled(*work);
  ASSERT_TRUE(work);
  EXPECT_EQ(work->item.payload, "one");
  EXPECT_EQ(work->item.created_at, kNoon + 3s);
  work = settled(*work);
  ASSERT_TRUE(work);
  EXPECT_EQ(work->item.payload, "two");
  EXPECT_FALSE(settled(*work));
}

TEST_P(OutboxRows, ALaneIsDeliveredInOrderAndLeavesNothingBehind) {
  append(kAlice, "one");
  append(kAlice, "two");
  append(kAlice, "three");
  auto work = claim();
  ASSERT_TRUE(work);
  EXPECT_EQ(work->item.payload, "one");
  EXPECT_EQ(work->item.kind, "kind");
  EXPECT_EQ(work->item.user, kAlice);
  EXPECT_EQ(work->item.created_at, kNoon);
  work = settled(*work);
  ASSERT_TRUE(work);
  EXPECT_EQ(work->item.payload, "two");
  work = settled(*work);
  ASSERT_TRUE(work);
  EXPECT_EQ(work->item.payload, "three");
  EXPECT_FALSE(settled(*work));
  EXPECT_EQ(count("outbox"), 0);
  EXPECT_EQ(count("outbox_lanes"), 0);
}

TEST_P(OutboxRows, ARolledBackCauseLeavesNoItem) {
  EXPECT_THROW(database_->write_now([&](db::Tx& tx) {
    outbox_.append(tx, {"mail", "", kAlice, "kind", "never"});
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_EQ(count("outbox"), 0);
  EXPECT_EQ(count("outbox_lanes"), 0);
}

TEST_P(OutboxRows, ItemsOfOneTransactionKeepTheirOrderInEachLane) {
  write([&](db::Tx& tx) {
    for (const char* payload : {"1", "2", "3"}) {
      outbox_.append(tx, {"mail", "b", kAlice, "kind", payload});
      outbox_.append(tx, {"mail", "a", kAlice, "kind", payload});
      outbox_.append(tx, {"mail", "a", kBob, "kind", payload});
    }
  });
  for (int lane = 0; lane < 3; ++lane) {
    auto work = claim();
    ASSERT_TRUE(work);
    std::vector<std::string> payloads;
    for (; work; work = settled(*work)) payloads.push_back(work->item.payload);
    EXPECT_THAT(payloads, ElementsAre("1", "2", "3"));
  }
  EXPECT_FALSE(claim());
}

TEST_P(OutboxRows, AClaimedLaneIsNobodyElsesAndOthersGoOn) {
  append(kAlice, "a1");
  append(kAlice, "a2");
  clock_.advance(1ms);
  append(kBob, "b1");
  const auto first = claim();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->item.payload, "a1");
  const auto second = claim();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->item.payload, "b1");
  EXPECT_FALSE(claim());
}

TEST_P(OutboxRows, WhatHasWaitedLongestIsTakenFirst) {
  append(kBob, "b");
  clock_.advance(1s);
  append(kAlice, "a");
  EXPECT_EQ(claim()->item.payload, "b");
  EXPECT_EQ(claim()->item.payload, "a");
}

TEST_P(OutboxRows, ConsumersTakeOnlyTheirOwn) {
  append(kAlice, "for mail");
  append(kAlice, "for the homeserver", "", "homeserver");
  EXPECT_EQ(claim(Attempts::first, "homeserver")->item.payload, "for the homeserver");
  EXPECT_EQ(claim(Attempts::first, "mail")->item.payload, "for mail");
  EXPECT_FALSE(claim(Attempts::first, "nobody"));
}

// One that has been stuck for a while: only what is behind it in its own lane waits with it.
TEST_P(OutboxRows, AStuckItemHoldsUpItsOwnLaneOnly) {
  append(kAlice, "stuck", "here");
  append(kAlice, "behind it", "here");
  fail(*claim(), 10s);
  append(kAlice, "later", "here");
  append(kAlice, "elsewhere", "there");
  append(kBob, "somebody else's", "here");
  std::vector<std::string> others;
  while (auto work = claim()) {
    for (; work; work = settled(*work)) others.push_back(work->item.payload);
  }
  EXPECT_THAT(others, ::testing::UnorderedElementsAre("elsewhere", "somebody else's"));
  EXPECT_FALSE(claim(Attempts::repeated));

  clock_.advance(10s);
  auto work = claim(Attempts::repeated);
  ASSERT_TRUE(work);
  EXPECT_EQ(work->held.attempts, 2);
  EXPECT_EQ(work->item.payload, "stuck");
  fail(*work, 20s);
  clock_.advance(20s - 1ms);
  EXPECT_FALSE(claim(Attempts::repeated));
  clock_.advance(1ms);
  work = claim(Attempts::repeated);
  ASSERT_TRUE(work);
  EXPECT_EQ(work->held.attempts, 3);
  std::vector<std::string> rest;
  for (; work; work = settled(*work)) {
    rest.push_back(work->item.payload);
    EXPECT_EQ(work->held.attempts, rest.size() == 1 ? 3 : 1);
  }
  EXPECT_THAT(rest, ElementsAre("stuck", "behind it", "later"));
}

TEST_P(OutboxRows, AClockThatIsSetBackDelaysNothingForLong) {
  append(kAlice, "one");
  append(kBob, "two");
  fail(*claim(), 1min);
  clock_.advance(-24h);
  EXPECT_EQ(claim(Attempts::first)->item.payload, "two");
  EXPECT_EQ(claim(Attempts::repeated)->item.payload, "one");
}

TEST_P(OutboxRows, TheLongestDelayIsKept) {
  append(kAlice, "one");
  fail(*claim(), kLongestDelay);
  EXPECT_FALSE(claim(Attempts::repeated));
  clock_.advance(kLongestDelay);
  EXPECT_TRUE(claim(Attempts::repeated));
}

TEST_P(OutboxRows, ReleasedLanesGoToTheEndOfTheQueue) {
  append(kAlice, "a1");
  append(kAlice, "a2");
  append(kBob, "b");
  const auto work = claim();
  ASSERT_EQ(work->item.payload, "a1");
  clock_.advance(1ms);
  EXPECT_FALSE(settled(*work, Then::release));
  EXPECT_EQ(claim()->item.payload, "b");
  const auto rest = claim();
  EXPECT_EQ(rest->item.payload, "a2");
  write([&](db::Tx& tx) { release(tx, rest->held); });
  EXPECT_EQ(claim()->item.payload, "a2");
}

TEST_P(OutboxRows, OneWhoseLaneWasPutOffByOthersChangesNothing) {
  append(kAlice, "a1");
  append(kAlice, "a2");
  const auto dead = claim();
  ASSERT_TRUE(dead);
  const auto held = database_->read_now([](db::Tx& tx) { return held_lanes(tx, "mail"); });
  EXPECT_THAT(held, ElementsAre(dead->held));
  const auto put_off_now = [&] {
    return write([&](db::Tx& tx) { return put_off(tx, held.front(), clock_.now() + 1s); });
  };
  EXPECT_TRUE(put_off_now());
  EXPECT_FALSE(put_off_now());
  clock_.advance(1s);
  const auto heir = claim(Attempts::repeated);
  ASSERT_TRUE(heir);
  EXPECT_EQ(heir->item.payload, "a1");
  EXPECT_EQ(heir->held.attempts, 2) << "the one that was left unfinished counts";

  EXPECT_FALSE(settled(*dead));
  fail(*dead, 1h);
  write([&](db::Tx& tx) { release(tx, dead->held); });
  EXPECT_THAT(database_->read_now([](db::Tx& tx) { return held_lanes(tx, "mail"); }),
              ElementsAre(heir->held));
  const auto next = settled(*heir);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->item.payload, "a2");
  EXPECT_EQ(next->held.attempts, 1);
  // Each item settled is a new claim, which is how others see that this worker lives.
  EXPECT_NE(next->held.claim, heir->held.claim);
}

TEST_P(OutboxRows, ALoneProcessFindsWhatTheOneBeforeItHeld) {
  append(kAlice, "a");
  append(kBob, "b", "", "homeserver");
  append(kBob, "b");
  const auto mail = claim();
  const auto homeserver = claim(Attempts::first, "homeserver");
  EXPECT_THAT(database_->read_now([](db::Tx& tx) { return all_held_lanes(tx); }),
              ElementsAre(homeserver->held, mail->held));
}

TEST_P(OutboxRows, ALaneThatIsReleasedWithoutAnAttemptHasHadNone) {
  append(kAlice, "a");
  for (int i = 0; i < 3; ++i) {
    const auto work = claim();
    ASSERT_TRUE(work);
    EXPECT_EQ(work->held.attempts, 1);
    write([&](db::Tx& tx) { release(tx, work->held); });
  }
}

TEST_P(OutboxRows, KnowsWhatLiesHere) {
  const auto backlog = [&] {
    return database_->read_now([](db::Tx& tx) { return measure(tx, "mail"); });
  };
  const auto consumers = [&] {
    return database_->read_now([](db::Tx& tx) { return consumers_with_items(tx); });
  };
  EXPECT_EQ(backlog().pending, 0);
  EXPECT_FALSE(backlog().oldest);
  EXPECT_THAT(consumers(), IsEmpty());
  append(kBob, "b");
  clock_.advance(1s);
  append(kAlice, "a");
  append(kAlice, "a", "", "homeserver");
  EXPECT_EQ(backlog().pending, 2);
  EXPECT_EQ(backlog().oldest, kNoon);
  EXPECT_THAT(consumers(), ElementsAre("homeserver", "mail"));
}

// A number is handed out before its item is committed. Were another transaction to pass this one
// now, its item would be delivered first, though its number is the higher.
TEST_P(OutboxRows, AnAppendWaitsForTheLaneUntilTheOneBeforeIsCommitted) {
  if (GetParam() == db::Dialect::sqlite) return;  // writes are alone
  std::atomic<bool> passed = false;
  std::thread second;
  write([&](db::Tx& tx) {
    outbox_.append(tx, {"mail", "", kAlice, "kind", "1"});
    tx.before_commit("~ after the append", [&](db::Tx& same) {
      second = std::thread([&] {
        append(kAlice, "2");
        passed = true;
      });
      const char* waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted";
      while (!passed && same.one<int>(waiting) == std::tuple(0)) std::this_thread::yield();
      EXPECT_FALSE(passed);
    });
  });
  second.join();
  const auto work = claim();
  ASSERT_TRUE(work);
  EXPECT_EQ(work->item.payload, "1");
  EXPECT_EQ(settled(*work)->item.payload, "2");
}

TEST_P(OutboxRows, TheOrderIsThatOfTheCauses) {
  write([](db::Tx& tx) { tx.script("CREATE TABLE causes (n BIGINT NOT NULL)"); });
  write([](db::Tx& tx) { tx.run("INSERT INTO causes (n) VALUES (0)"); });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        write([&](db::Tx& tx) {
          // The lock that orders the causes; the outbox has to follow.
          const auto n = tx.one<std::int64_t>("UPDATE causes SET n = n + 1 RETURNING n");
          outbox_.append(tx, {"mail", "", kAlice, "kind", std::to_string(std::get<0>(*n))});
        });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  auto work = claim();
  for (int n = 1; n <= 40; ++n, work = settled(*work)) {
    ASSERT_TRUE(work);
    EXPECT_EQ(work->item.payload, std::to_string(n));
  }
}

}  // namespace
}  // namespace latchkey::outbox
