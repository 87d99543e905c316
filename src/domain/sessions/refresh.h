#pragma once

#include "domain/sessions/standing.h"

// What a refresh token does (spec "Refreshing access tokens"; docs/formats/sessions.md).
namespace latchkey::sessions {

enum class RefreshStep {
  next,    // the token of `issued`: a new pair
  again,   // the token of `seen`: the same pair, for a lost reply or a second tab
  late,    // the token before `seen`, in its grace: the newest pair
  refuse,  // `refusal` says why
};

struct RefreshDecision {
  RefreshStep step = RefreshStep::refuse;
  Standing refusal;      // with `refuse`
  Record after;          // the row as it must be written before the answer
  bool changed = false;  // `after` differs from what was read
};

// Decides over a row that the caller holds locked. An answered refresh hands out the pair of
// `after.issued`; a reuse leaves `after` softly ended.
RefreshDecision decide_refresh(const Question& question);

// Whether a session goes on without a new sign-in: its account and it itself are good, and its
// newest refresh token would be taken, or, where it has none, its access token is good.
Standing judge_life(const Question& newest);

// The row after an authentic access token of a generation later than `issued` was shown: news
// from before a restored backup. Its access tokens count as expired, its refresh token goes on.
Record moved_forward(const Record& record, Generation generation, const Policy& policy, Time now);

}  // namespace latchkey::sessions
