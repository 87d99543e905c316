#include "domain/sessions/refresh.h"

namespace latchkey::sessions {
namespace {

RefreshDecision refuse(const Record& record, Reason reason) {
  return {RefreshStep::refuse, {Worth::soft, reason, std::nullopt}, record, false};
}

RefreshDecision end_softly(Record record, EndReason end, Reason reason, Time now) {
  record.ended = Ended::softly;
  record.end_reason = end;
  record.ended_at = now;
  return {RefreshStep::refuse, {Worth::soft, reason, std::nullopt}, record, true};
}

RefreshDecision hand_out_next(Record record, const Question& q, bool moved) {
  if (passed(record.issued_at, q.policy.refresh_token_lifetime, q.now)) {
    return {RefreshStep::refuse,
            {Worth::soft, Reason::refresh_token_expired, std::nullopt},
            record,
            moved};
  }
  if (record.issued == kLastGeneration) {
    return end_softly(record, EndReason::generations_spent, Reason::generations_spent, q.now);
  }
  if (record.seen < record.issued) record.promote(record.issued, q.now);
  record.issued += 1;
  record.issued_at = q.now;
  return {RefreshStep::next, {}, record, true};
}

// The pair of `issued` once more. An access token of it that expired before anyone saw it would
// be useless, so it starts its life anew.
RefreshDecision hand_out_again(Record record, RefreshStep step, const Question& q) {
  const bool stale = record.seen < record.issued &&
                     passed(record.issued_at, access_lifetime(record, q.policy), q.now);
  if (stale) record.issued_at = q.now;
  return {step, {}, record, stale};
}

}  // namespace

Record moved_forward(const Record& record, Generation generation, const Policy& policy, Time now) {
  Record after = record;
  const Time long_ago = now - access_lifetime(record, policy).value_or(Duration{0});
  after.seen = after.issued = generation;
  after.seen_at = now;
  after.issued_at = after.seen_issued_at = after.previous_issued_at = long_ago;
  return after;
}

RefreshDecision decide_refresh(const Question& q) {
  const Record& record = q.record;
  if (const auto standing = judge_session(q)) {
    return {RefreshStep::refuse, *standing, record, false};
  }
  if (q.generation > record.issued) {
    Record after = moved_forward(record, q.generation, q.policy, q.now);
    after.issued_at = q.now;  // the refresh token itself has just been proved alive
    return hand_out_next(after, q, true);
  }
  if (q.generation == record.issued) return hand_out_next(record, q, false);
  if (q.generation == record.seen) {
    if (passed(record.seen_at, q.policy.refresh_token_lifetime, q.now)) {
      return refuse(record, Reason::refresh_token_expired);
    }
    return hand_out_again(record, RefreshStep::again, q);
  }
  if (in_grace(record, q.generation, q.policy.refresh_grace, q.now)) {
    return hand_out_again(record, RefreshStep::late, q);
  }
  return end_softly(record, EndReason::token_reuse, Reason::reused, q.now);
}

Standing judge_life(const Question& newest) {
  if (!newest.record.refreshes) {
    Question any = newest;
    any.any_scope = true;
    return judge(any);
  }
  const RefreshDecision next = decide_refresh(newest);
  if (next.step == RefreshStep::refuse) return next.refusal;
  return {Worth::active, Reason::good, std::nullopt};
}

}  // namespace latchkey::sessions
