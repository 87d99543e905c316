// The table of standings, row by row: what docs/formats/sessions.md says in words.
#include "domain/sessions/standing.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <initializer_list>

#include "domain/sessions/samples_testing.h"

namespace latchkey::sessions {
namespace {

using testing::Asked;
using testing::kNoon;
using namespace std::chrono_literals;

using Change = void (*)(Asked&);

struct Case {
  const char* name;
  Change change;
  Worth worth;
  Reason reason;
};

void expect_all(std::initializer_list<Case> cases) {
  for (const Case& one : cases) {
    Asked asked;
    one.change(asked);
    const Standing standing = asked.judge();
    EXPECT_EQ(standing.worth, one.worth) << one.name;
    EXPECT_EQ(standing.reason, one.reason) << one.name;
    EXPECT_EQ(standing.active(), one.worth == Worth::active) << one.name;
    if (!standing.active()) EXPECT_FALSE(standing.until.has_value()) << one.name;
  }
}

void end(Asked& a, Ended how, EndReason why, Time at) {
  a.record.ended = how;
  a.record.end_reason = why;
  a.record.ended_at = at;
}
void end_for_good(Asked& a) { end(a, Ended::for_good, EndReason::logout, kNoon - 1s); }
void end_softly(Asked& a) { end(a, Ended::softly, EndReason::taken_over, kNoon - 1s); }
void lock(Asked& a) { a.account.locked_at = kNoon - 1s; }
void grow_old(Asked& a) { a.policy.maximum_age = 1h; }
void idle(Asked& a) { a.policy.maximum_idle = 30s; }

TEST(Standing, EachRowOfTheTable) {
  expect_all({
      {"good", [](Asked&) {}, Worth::active, Reason::good},
      {"good: the generation in use", [](Asked& a) { a.generation = 7; }, Worth::active,
       Reason::good},
      {"good: the one before, in its grace", [](Asked& a) { a.generation = 6; }, Worth::active,
       Reason::good},
      {"suspended is active", [](Asked& a) { a.account.suspended_at = kNoon - 1h; }, Worth::active,
       Reason::good},
      {"ended by a person", end_for_good, Worth::ended, Reason::ended_for_good},
      {"account deactivated", [](Asked& a) { a.account.deactivated_at = kNoon - 1s; }, Worth::ended,
       Reason::account_deactivated},
      {"account locked", lock, Worth::locked, Reason::account_locked},
      {"ended softly", end_softly, Worth::soft, Reason::ended_softly},
      {"too old", grow_old, Worth::soft, Reason::past_maximum_age},
      {"too idle", idle, Worth::soft, Reason::idle_too_long},
      {"later than any handed out", [](Asked& a) { a.generation = 9; }, Worth::soft,
       Reason::from_before_a_restore},
      {"the last generation there is", [](Asked& a) { a.generation = kLastGeneration; },
       Worth::soft, Reason::from_before_a_restore},
      {"replaced: two before", [](Asked& a) { a.generation = 5; }, Worth::soft, Reason::replaced},
      {"replaced: the first", [](Asked& a) { a.generation = 0; }, Worth::soft, Reason::replaced},
      {"replaced: the one before, after its grace",
       [](Asked& a) {
         a.generation = 6;
         a.policy.refresh_grace = 59s;
       },
       Worth::soft, Reason::replaced},
      {"expired", [](Asked& a) { a.policy.access_token_lifetime = 20s; }, Worth::soft,
       Reason::expired},
  });
}

TEST(Standing, WhatEndedForGoodIsOverWhateverElseHolds) {
  expect_all({
      {"and deactivated",
       [](Asked& a) {
         end_for_good(a);
         a.account.deactivated_at = kNoon;
       },
       Worth::ended, Reason::ended_for_good},
      {"and locked",
       [](Asked& a) {
         end_for_good(a);
         lock(a);
       },
       Worth::ended, Reason::ended_for_good},
      {"and old, idle, replaced",
       [](Asked& a) {
         end_for_good(a);
         grow_old(a);
         idle(a);
         a.generation = 1;
       },
       Worth::ended, Reason::ended_for_good},
      {"and of a later generation",
       [](Asked& a) {
         end_for_good(a);
         a.generation = 99;
       },
       Worth::ended, Reason::ended_for_good},
      {"deactivated and locked",
       [](Asked& a) {
         a.account.deactivated_at = kNoon;
         lock(a);
       },
       Worth::ended, Reason::account_deactivated},
      {"deactivated and softly ended",
       [](Asked& a) {
         a.account.deactivated_at = kNoon;
         end_softly(a);
       },
       Worth::ended, Reason::account_deactivated},
  });
}

TEST(Standing, ALockComesBeforeAllThatIsSoftAndTheSessionBeforeItsTokens) {
  expect_all({
      {"locked and softly ended",
       [](Asked& a) {
         lock(a);
         end_softly(a);
       },
       Worth::locked, Reason::account_locked},
      {"locked and too old",
       [](Asked& a) {
         lock(a);
         grow_old(a);
       },
       Worth::locked, Reason::account_locked},
      {"locked and expired",
       [](Asked& a) {
         lock(a);
         a.now += 10min;
       },
       Worth::locked, Reason::account_locked},
      {"locked and later",
       [](Asked& a) {
         lock(a);
         a.generation = 9;
       },
       Worth::locked, Reason::account_locked},
      {"softly ended and too old",
       [](Asked& a) {
         end_softly(a);
         grow_old(a);
       },
       Worth::soft, Reason::ended_softly},
      {"old and idle",
       [](Asked& a) {
         grow_old(a);
         idle(a);
       },
       Worth::soft, Reason::past_maximum_age},
      {"idle and later",
       [](Asked& a) {
         idle(a);
         a.generation = 9;
       },
       Worth::soft, Reason::idle_too_long},
      {"replaced and expired",
       [](Asked& a) {
         a.generation = 6;
         a.now += 10min;
       },
       Worth::soft, Reason::replaced},
  });
}

// How a limit counts: at its very end it is over, a millisecond before it is not.
TEST(Standing, LimitsEndAtTheirExactMoment) {
  struct Limited {
    const char* name;
    Change change;
    Time begins;
    Duration lasts;
    Reason then;
  };
  const Limited cases[] = {
      {"newest token", [](Asked&) {}, kNoon - 20s, 5min, Reason::expired},
      {"token in use", [](Asked& a) { a.generation = 7; }, kNoon - 2min, 5min, Reason::expired},
      {"token before it",
       [](Asked& a) {
         a.generation = 6;
         a.policy.refresh_grace = 1h;
       },
       kNoon - 4min, 5min, Reason::expired},
      {"token of a client that cannot refresh",
       [](Asked& a) {
         a.record.refreshes = false;
         a.policy.access_token_lifetime_without_refresh = 2h;
       },
       kNoon - 20s, 2h, Reason::expired},
      {"maximum age", [](Asked& a) { a.policy.maximum_age = 61min; }, kNoon - 1h, 61min,
       Reason::past_maximum_age},
      {"maximum idle", [](Asked& a) { a.policy.maximum_idle = 3min; }, kNoon - 30s, 3min,
       Reason::idle_too_long},
  };
  for (const Limited& one : cases) {
    Asked asked;
    one.change(asked);
    asked.now = one.begins + one.lasts - 1ms;
    EXPECT_TRUE(asked.judge().active()) << one.name;
    EXPECT_EQ(asked.judge().until, one.begins + one.lasts) << one.name;
    asked.now += 1ms;
    EXPECT_EQ(asked.judge().reason, one.then) << one.name;
  }
}

TEST(Standing, TheGraceIncludesItsLastMoment) {
  Asked asked;
  asked.generation = 6;
  asked.now = asked.record.seen_at + 90s;
  EXPECT_TRUE(asked.judge().active());
  asked.now += 1ms;
  EXPECT_EQ(asked.judge().reason, Reason::replaced);
}

TEST(Standing, WithoutGraceTheOneBeforeIsReplacedAtOnce) {
  Asked asked;
  asked.policy.refresh_grace = 0s;
  asked.generation = 6;
  asked.now = asked.record.seen_at;
  EXPECT_EQ(asked.judge().reason, Reason::replaced);
}

TEST(Standing, NeverMeansNever) {
  Asked asked;
  asked.policy.access_token_lifetime.reset();
  asked.now += 24h * 36500;
  EXPECT_TRUE(asked.judge().active());
  EXPECT_FALSE(asked.judge().until.has_value());
  asked.record.refreshes = false;
  asked.policy.access_token_lifetime = 1s;  // concerns those that refresh
  EXPECT_TRUE(asked.judge().active());
}

// A clock that was set back must not prolong anything; one that is a little off must not harm.
TEST(Standing, ATimeAheadOfNowCountsAsLongPast) {
  struct Ahead {
    const char* name;
    void (*change)(Asked&, Time at);
    Reason then;
    Duration allowed = kClockSkew;
  };
  const Ahead cases[] = {
      {"newest token", [](Asked& a, Time at) { a.record.issued_at = at; }, Reason::expired},
      {"token in use",
       [](Asked& a, Time at) {
         a.generation = 7;
         a.record.seen_issued_at = at;
       },
       Reason::expired},
      {"grace",
       [](Asked& a, Time at) {
         a.generation = 6;
         a.record.seen_at = at;
       },
       Reason::replaced},
      {"maximum age",
       [](Asked& a, Time at) {
         a.policy.maximum_age = 24h;
         a.record.created_at = at;
       },
       Reason::past_maximum_age},
      {"maximum idle",
       [](Asked& a, Time at) {
         a.policy.maximum_idle = 24h;
         a.record.last_active_at = at;
       },
       Reason::idle_too_long, kClocksApart},
  };
  for (const Ahead& one : cases) {
    Asked asked;
    one.change(asked, kNoon + one.allowed);
    EXPECT_TRUE(asked.judge().active()) << one.name;
    one.change(asked, kNoon + one.allowed + 1ms);
    EXPECT_EQ(asked.judge().reason, one.then) << one.name;
    asked.slack = 30s;
    EXPECT_EQ(asked.judge().reason, one.then) << one.name << ": slack does not hide it";
  }
}

// What is written down holds whatever the clocks of two nodes, or of one that was set back, say.
TEST(Standing, AnEndOrALockAheadOfNowHolds) {
  for (const Duration ahead : {1ms, 5'000ms, 10'000ms, 3'600'000ms}) {
    Asked soft;
    end(soft, Ended::softly, EndReason::token_reuse, kNoon + ahead);
    EXPECT_EQ(soft.judge().reason, Reason::ended_softly) << ahead.count();
    Asked locked;
    locked.account.locked_at = kNoon + ahead;
    EXPECT_EQ(locked.judge().reason, Reason::account_locked) << ahead.count();
    Asked over;
    end(over, Ended::for_good, EndReason::logout, kNoon + ahead);
    EXPECT_EQ(over.judge().reason, Reason::ended_for_good) << ahead.count();
  }
}

struct Slackened {
  const char* name;
  void (*change)(Asked&, Duration ago);  // it went bad that long ago
};

const Slackened kSlackened[] = {
    {"locked", [](Asked& a, Duration ago) { a.account.locked_at = kNoon - ago; }},
    {"softly ended",
     [](Asked& a, Duration ago) {
       end(a, Ended::softly, EndReason::administrator_softly, kNoon - ago);
     }},
    {"too old",
     [](Asked& a, Duration ago) {
       a.policy.maximum_age = 1h;
       a.record.created_at = kNoon - 1h - ago;
     }},
    {"too idle",
     [](Asked& a, Duration ago) {
       a.policy.maximum_idle = 5min;
       a.record.last_active_at = kNoon - 5min - ago;
     }},
    {"expired", [](Asked& a, Duration ago) { a.record.issued_at = kNoon - 5min - ago; }},
    {"replaced",
     [](Asked& a, Duration ago) {
       a.generation = 6;
       a.record.seen_at = kNoon - 90s - ago - 1ms;  // the grace includes its last moment
       a.policy.access_token_lifetime = 1h;
     }},
};

TEST(Standing, SlackForgivesWhatWentBadJustNow) {
  for (const Slackened& one : kSlackened) {
    for (const Duration ago : {0ms, 1ms, 29'998ms, 30'001ms, 3'600'000ms}) {
      Asked asked;
      one.change(asked, ago);
      EXPECT_FALSE(asked.judge().active()) << one.name << " " << ago.count() << " ms ago";
      asked.slack = 30s;
      EXPECT_EQ(asked.judge().active(), ago < 30s) << one.name << " " << ago.count() << " ms ago";
    }
  }
}

TEST(Standing, SlackForgivesNoDeliberateEnd) {
  Asked asked;
  asked.slack = 30s;
  end(asked, Ended::for_good, EndReason::logout, kNoon);
  EXPECT_EQ(asked.judge().worth, Worth::ended);
  Asked deactivated;
  deactivated.slack = 30s;
  deactivated.account.deactivated_at = kNoon;
  EXPECT_EQ(deactivated.judge().worth, Worth::ended);
}

TEST(Standing, SlackForgivesNoLaterGeneration) {
  Asked asked;
  asked.slack = 30s;
  asked.generation = 9;
  EXPECT_EQ(asked.judge().reason, Reason::from_before_a_restore);
}

rc::Gen<Limit> any_limit() {
  return rc::gen::oneOf(
      rc::gen::just(Limit{}),
      rc::gen::map(rc::gen::inRange(1, 400'000), [](int ms) { return Limit{Duration{ms}}; }));
}

Time ago(int longest) { return kNoon - Duration{*rc::gen::inRange(-12'000, longest)}; }

// Records as they may stand in the database, with clocks that were moved.
Asked any_asked() {
  Asked a;
  Record& r = a.record;
  r.refreshes = *rc::gen::arbitrary<bool>();
  r.created_at = ago(500'000);
  r.last_active_at = ago(500'000);
  r.previous_issued_at = ago(400'000);
  r.seen_issued_at = ago(400'000);
  r.issued_at = ago(400'000);
  r.seen_at = ago(120'000);
  r.seen = *rc::gen::inRange(0, 4);
  r.issued = r.seen + *rc::gen::inRange(0, 2);
  if (r.seen == r.issued) r.seen_issued_at = r.issued_at;
  if (*rc::gen::inRange(0, 8) == 0) end_softly(a);
  if (*rc::gen::inRange(0, 8) == 0) lock(a);
  a.policy.access_token_lifetime = *any_limit();
  a.policy.access_token_lifetime_without_refresh = *any_limit();
  a.policy.maximum_age = *any_limit();
  a.policy.maximum_idle = *any_limit();
  a.policy.refresh_grace = Duration{*rc::gen::inRange(0, 120'000)};
  a.generation = *rc::gen::inRange(0, 6);
  a.slack = *rc::gen::element(0s, 30s);
  return a;
}

// The cache trusts `until`: before it the answer is yes, after it it is no.
RC_GTEST_PROP(Standing, UntilIsTheFirstMomentAtWhichAGoodTokenMayStopBeingGood, ()) {
  Asked asked = any_asked();
  const Standing standing = asked.judge();
  if (!standing.active()) {
    RC_ASSERT(!standing.until.has_value());
    return;
  }
  if (!standing.until) {
    asked.now += 24h * 36500;
    RC_ASSERT(asked.judge().active());
    return;
  }
  RC_ASSERT(*standing.until >= asked.now);
  asked.now = std::max(kNoon, *standing.until - 1ms);
  RC_ASSERT(asked.judge().active());
  asked.now = *standing.until + 1ms;
  RC_ASSERT(!asked.judge().active());
}

// Time alone never brings a token back: once refused, always refused.
// Time alone never brings a token back: once refused, always refused.
RC_GTEST_PROP(Standing, WhatTheClockEndedStaysEnded, ()) {
  Asked asked = any_asked();
  asked.slack = 0s;
  asked.now += 12s;  // no time is ahead: one that is counts as past until the clock gets there
  if (asked.judge().active()) return;
  asked.now += Duration{*rc::gen::inRange(0, 10'000'000)};
  RC_ASSERT(!asked.judge().active());
}

// Introspection, which asks with slack, never refuses what the edge would let pass.
RC_GTEST_PROP(Standing, SlackOnlyEverSaysMore, ()) {
  Asked asked = any_asked();
  asked.slack = 0s;
  if (!asked.judge().active()) return;
  asked.slack = Duration{*rc::gen::inRange(0, 60'000)};
  RC_ASSERT(asked.judge().active());
}

TEST(StandingOfALostRow, IsSoftWhereARowMayHaveBeenLost) {
  struct Row {
    const char* name;
    Lost lost;
    Worth worth;
    Reason reason;
  };
  const Row rows[] = {
      {"purged long ago", {kNoon - 24h, false, kNoon}, Worth::ended, Reason::purged},
      {"born in a gap", {kNoon - 24h, true, kNoon}, Worth::soft, Reason::lost},
      {"born just before the margin", {kNoon - 1min, false, kNoon}, Worth::ended, Reason::purged},
      {"born within the margin", {kNoon - 1min + 1ms, false, kNoon}, Worth::soft, Reason::lost},
      {"born after the newest heartbeat", {kNoon + 1ms, false, kNoon}, Worth::soft, Reason::lost},
      {"born in the far future", {kNoon + 24h * 36500, false, kNoon}, Worth::soft, Reason::lost},
      {"no heartbeat yet",
       {kNoon, false, Time::min() + kHeartbeatMargin},
       Worth::soft,
       Reason::lost},
  };
  for (const Row& row : rows) {
    const Standing standing = judge_lost(row.lost);
    EXPECT_EQ(standing.worth, row.worth) << row.name;
    EXPECT_EQ(standing.reason, row.reason) << row.name;
    EXPECT_FALSE(standing.until.has_value()) << row.name;
  }
}

}  // namespace
}  // namespace latchkey::sessions
