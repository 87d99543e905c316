// What a refresh token does, as a table of transitions: docs/formats/sessions.md in code.
#include "domain/sessions/refresh.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "domain/sessions/samples_testing.h"

namespace latchkey::sessions {

bool same(const Record& a, const Record& b) {
  return a.id == b.id && a.user == b.user && a.device == b.device && a.refreshes == b.refreshes &&
         a.nonce == b.nonce && a.created_at == b.created_at && a.seen == b.seen &&
         a.seen_at == b.seen_at && a.issued == b.issued &&
         a.previous_issued_at == b.previous_issued_at && a.seen_issued_at == b.seen_issued_at &&
         a.issued_at == b.issued_at && a.last_active_at == b.last_active_at && a.ended == b.ended &&
         a.end_reason == b.end_reason && a.ended_at == b.ended_at;
}

namespace {

using testing::Asked;
using testing::kNoon;
using testing::sample_policy;
using testing::sample_record;
using namespace std::chrono_literals;

using Change = void (*)(Asked&);

// The sample's generations: seen 7, issued 8.
struct Handed {
  const char* name;
  Change change;
  RefreshStep step;
  Generation seen;    // in the row afterwards
  Generation issued;  // whose tokens are handed out
  Change then;        // what the row becomes, except these two
};

void untouched(Asked&) {}
void begun(Asked& a) { a.record.issued_at = kNoon; }
// The newest was used now, and the next begins.
void promoted(Asked& a) {
  a.record.previous_issued_at = a.record.seen_issued_at;
  a.record.seen_issued_at = a.record.issued_at;
  a.record.seen_at = kNoon;
  a.record.issued_at = kNoon;
}
// From before a restored backup: what the row does not know counts as expired.
void moved(Asked& a) {
  a.record.previous_issued_at = a.record.seen_issued_at = kNoon - 5min;
  a.record.seen_at = a.record.issued_at = kNoon;
}

void expire_unseen(Asked& a) { a.record.issued_at = kNoon - 5min; }

TEST(Refresh, HandsOutAPair) {
  const Handed rows[] = {
      {"the newest: the next pair", [](Asked&) {}, RefreshStep::next, 8, 9, promoted},
      {"the newest, already in use",
       [](Asked& a) {
         a.record.seen = 8;
         a.record.seen_issued_at = a.record.issued_at;
       },
       RefreshStep::next, 8, 9, begun},
      {"the newest, long after its access token expired", expire_unseen, RefreshStep::next, 8, 9,
       promoted},
      {"the one in use again: the same pair", [](Asked& a) { a.generation = 7; },
       RefreshStep::again, 7, 8, untouched},
      {"again, years later: a new life for an access token nobody saw",
       [](Asked& a) {
         a.generation = 7;
         a.record.seen_at -= 24h * 3650;
         expire_unseen(a);
       },
       RefreshStep::again, 7, 8, begun},
      {"again, the clock set back",
       [](Asked& a) {
         a.generation = 7;
         a.record.issued_at = kNoon + 1h;
       },
       RefreshStep::again, 7, 8, begun},
      {"the one before, in its grace: the newest pair", [](Asked& a) { a.generation = 6; },
       RefreshStep::late, 7, 8, untouched},
      {"late, at the last moment of the grace",
       [](Asked& a) {
         a.generation = 6;
         a.record.seen_at = kNoon - 90s;
       },
       RefreshStep::late, 7, 8, untouched},
      {"late, the newest expired unseen",
       [](Asked& a) {
         a.generation = 6;
         expire_unseen(a);
       },
       RefreshStep::late, 7, 8, begun},
      {"late, the newest is in use and expired: it is not prolonged",
       [](Asked& a) {
         a.generation = 7;
         a.record.seen = 8;
         expire_unseen(a);
       },
       RefreshStep::late, 8, 8, untouched},
      {"later than the row knows", [](Asked& a) { a.generation = 20; }, RefreshStep::next, 20, 21,
       moved},
      {"later than the row knows, where a refresh token lives no longer than an access token",
       [](Asked& a) {
         a.generation = 20;
         a.policy.refresh_token_lifetime = 5min;
       },
       RefreshStep::next, 20, 21, moved},
      {"suspended accounts refresh", [](Asked& a) { a.account.suspended_at = kNoon; },
       RefreshStep::next, 8, 9, promoted},
  };
  for (const Handed& row : rows) {
    Asked asked;
    row.change(asked);
    const RefreshDecision decision = decide_refresh(asked.question());
    EXPECT_EQ(decision.step, row.step) << row.name;

    Asked expected = asked;
    row.then(expected);
    expected.record.seen = row.seen;
    expected.record.issued = row.issued;
    EXPECT_TRUE(same(decision.after, expected.record)) << row.name;
    EXPECT_EQ(decision.changed, !same(decision.after, asked.record)) << row.name;
  }
}

struct Refused {
  const char* name;
  Change change;
  Worth worth;
  Reason reason;
};

TEST(Refresh, RefusesAndWritesNothing) {
  const Refused rows[] = {
      {"ended by a person", [](Asked& a) { a.record.ended = Ended::for_good; }, Worth::ended,
       Reason::ended_for_good},
      {"deactivated", [](Asked& a) { a.account.deactivated_at = kNoon; }, Worth::ended,
       Reason::account_deactivated},
      {"locked: nothing rotates", [](Asked& a) { a.account.locked_at = kNoon; }, Worth::locked,
       Reason::account_locked},
      {"locked: a reuse ends nothing",
       [](Asked& a) {
         a.account.locked_at = kNoon;
         a.generation = 1;
       },
       Worth::locked, Reason::account_locked},
      {"softly ended",
       [](Asked& a) {
         a.record.ended = Ended::softly;
         a.record.ended_at = kNoon - 1h;
       },
       Worth::soft, Reason::ended_softly},
      {"softly ended by a node whose clock is ahead",
       [](Asked& a) {
         a.record.ended = Ended::softly;
         a.record.ended_at = kNoon + 2s;
       },
       Worth::soft, Reason::ended_softly},
      {"softly ended: a later generation revives nothing",
       [](Asked& a) {
         a.record.ended = Ended::softly;
         a.record.ended_at = kNoon - 1h;
         a.generation = 20;
       },
       Worth::soft, Reason::ended_softly},
      {"too old", [](Asked& a) { a.policy.maximum_age = 1h; }, Worth::soft,
       Reason::past_maximum_age},
      {"too idle", [](Asked& a) { a.policy.maximum_idle = 30s; }, Worth::soft,
       Reason::idle_too_long},
      {"the newest, expired", [](Asked& a) { a.policy.refresh_token_lifetime = 20s; }, Worth::soft,
       Reason::refresh_token_expired},
      {"the one in use, expired",
       [](Asked& a) {
         a.generation = 7;
         a.policy.refresh_token_lifetime = 1min;
       },
       Worth::soft, Reason::refresh_token_expired},
      {"the newest, of a clock set back",
       [](Asked& a) {
         a.policy.refresh_token_lifetime = 24h;
         a.record.issued_at = kNoon + 1h;
       },
       Worth::soft, Reason::refresh_token_expired},
  };
  for (const Refused& row : rows) {
    Asked asked;
    row.change(asked);
    const RefreshDecision decision = decide_refresh(asked.question());
    EXPECT_EQ(decision.step, RefreshStep::refuse) << row.name;
    EXPECT_EQ(decision.refusal.worth, row.worth) << row.name;
    EXPECT_EQ(decision.refusal.reason, row.reason) << row.name;
    EXPECT_FALSE(decision.changed) << row.name;
    EXPECT_TRUE(same(decision.after, asked.record)) << row.name;
  }
}

struct Ending {
  const char* name;
  Change change;
  Reason reason;
  EndReason why;
};

TEST(Refresh, EndsSoftlyWhatTwoPartiesHold) {
  const Ending rows[] = {
      {"two before the one in use", [](Asked& a) { a.generation = 5; }, Reason::reused,
       EndReason::token_reuse},
      {"the first of all", [](Asked& a) { a.generation = 0; }, Reason::reused,
       EndReason::token_reuse},
      {"the one before, just after the grace",
       [](Asked& a) {
         a.generation = 6;
         a.record.seen_at = kNoon - 90s - 1ms;
       },
       Reason::reused, EndReason::token_reuse},
      {"the one before, without any grace",
       [](Asked& a) {
         a.generation = 6;
         a.policy.refresh_grace = 0s;
         a.record.seen_at = kNoon;
       },
       Reason::reused, EndReason::token_reuse},
      {"the one before, the clock set back",
       [](Asked& a) {
         a.generation = 6;
         a.record.seen_at = kNoon + 1h;
       },
       Reason::reused, EndReason::token_reuse},
      {"all generations are spent",
       [](Asked& a) { a.generation = a.record.issued = kLastGeneration; },
       Reason::generations_spent, EndReason::generations_spent},
      {"the last generation, from before a restore",
       [](Asked& a) { a.generation = kLastGeneration; }, Reason::generations_spent,
       EndReason::generations_spent},
  };
  for (const Ending& row : rows) {
    Asked asked;
    row.change(asked);
    const RefreshDecision decision = decide_refresh(asked.question());
    EXPECT_EQ(decision.step, RefreshStep::refuse) << row.name;
    EXPECT_EQ(decision.refusal.worth, Worth::soft) << row.name;
    EXPECT_EQ(decision.refusal.reason, row.reason) << row.name;
    EXPECT_TRUE(decision.changed) << row.name;
    EXPECT_EQ(decision.after.ended, Ended::softly) << row.name;
    EXPECT_EQ(decision.after.end_reason, row.why) << row.name;
    EXPECT_EQ(decision.after.ended_at, kNoon) << row.name;
  }
}

TEST(MovedForward, GoesOnFromThereWithItsAccessTokensExpired) {
  Asked asked;
  asked.generation = 20;
  const Record after = moved_forward(asked.record, 20, asked.policy, kNoon);
  EXPECT_EQ(after.seen, 20);
  EXPECT_EQ(after.issued, 20);
  EXPECT_EQ(after.seen_at, kNoon);
  asked.record = after;
  EXPECT_EQ(asked.judge().reason, Reason::expired);
  EXPECT_EQ(decide_refresh(asked.question()).step, RefreshStep::next);
  asked.generation = 19;
  EXPECT_EQ(asked.judge().reason, Reason::expired) << "the one before has no better access token";
  EXPECT_EQ(decide_refresh(asked.question()).step, RefreshStep::late);
  asked.generation = 18;
  EXPECT_EQ(asked.judge().reason, Reason::replaced);
}

TEST(MovedForward, KeepsWhatIsNotOfGenerations) {
  const Record before = sample_record();
  Record after = moved_forward(before, 9, sample_policy(), kNoon);
  after.seen = before.seen;
  after.seen_at = before.seen_at;
  after.issued = before.issued;
  after.previous_issued_at = before.previous_issued_at;
  after.seen_issued_at = before.seen_issued_at;
  after.issued_at = before.issued_at;
  EXPECT_TRUE(same(after, before));
}

// One client that refreshes and loses some of the replies: it always gets the pair it needs.
RC_GTEST_PROP(Refresh, ACallerThatAsksAgainGetsTheSamePair, ()) {
  Asked asked;
  asked.generation = *rc::gen::element(7, 8);
  const RefreshDecision first = decide_refresh(asked.question());
  asked.record = first.after;
  for (int tries = *rc::gen::inRange(1, 5); tries > 0; --tries) {
    asked.now += Duration{*rc::gen::inRange(0, 1'000'000'000)};
    const RefreshDecision again = decide_refresh(asked.question());
    RC_ASSERT(again.step == RefreshStep::again);
    RC_ASSERT(again.after.issued == first.after.issued);
    asked.record = again.after;
    asked.generation = again.after.issued;  // and its access token is good
    RC_ASSERT(asked.judge().active());
    asked.generation = again.after.seen;
  }
}

RC_GTEST_PROP(Refresh, SeenAndIssuedStayNeighboursAndOnlyGrow, ()) {
  Asked asked;
  asked.policy.refresh_grace = Duration{*rc::gen::inRange(0, 100'000)};
  asked.now += Duration{*rc::gen::inRange(-100'000, 1'000'000)};
  asked.generation = *rc::gen::inRange(0, 12);
  const RefreshDecision decision = decide_refresh(asked.question());
  const Record& after = decision.after;
  RC_ASSERT(after.issued == after.seen || after.issued == after.seen + 1);
  RC_ASSERT(after.seen >= asked.record.seen);
  RC_ASSERT(after.issued >= asked.record.issued);
  RC_ASSERT(decision.changed == !same(after, asked.record));
  RC_ASSERT(decision.step != RefreshStep::refuse || !decision.refusal.active());
}

// What a list shows of a session: whether it goes on, not what its access token of now is worth.
TEST(Life, GoesOnAsLongAsTheClientNeedsNobody) {
  struct Row {
    const char* name;
    Change change;
    Worth worth;
    Reason reason;
  };
  const Row rows[] = {
      {"good", untouched, Worth::active, Reason::good},
      {"its access token expired, its refresh token did not", expire_unseen, Worth::active,
       Reason::good},
      {"both expired",
       [](Asked& a) {
         expire_unseen(a);
         a.policy.refresh_token_lifetime = 5min;
       },
       Worth::soft, Reason::refresh_token_expired},
      {"expired, and the client takes no refresh token",
       [](Asked& a) {
         a.record.refreshes = false;
         a.policy.access_token_lifetime_without_refresh = 5min;
         expire_unseen(a);
       },
       Worth::soft, Reason::expired},
      {"ended softly", [](Asked& a) { a.record.ended = Ended::softly; }, Worth::soft,
       Reason::ended_softly},
      {"ended for good", [](Asked& a) { a.record.ended = Ended::for_good; }, Worth::ended,
       Reason::ended_for_good},
      {"locked", [](Asked& a) { a.account.locked_at = kNoon; }, Worth::locked,
       Reason::account_locked},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Asked asked;
    row.change(asked);
    const Standing life = judge_life(asked.question());
    EXPECT_EQ(life.worth, row.worth);
    EXPECT_EQ(life.reason, row.reason);
  }
}

}  // namespace
}  // namespace latchkey::sessions
