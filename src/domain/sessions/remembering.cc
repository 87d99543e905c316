#include "domain/sessions/remembering.h"

#include <optional>

namespace latchkey::sessions {
namespace {

// When a token that is soft now stopped being good; absent: it says nothing about its account.
std::optional<Time> end_of(const Question& q, Reason reason) {
  const Record& r = q.record;
  switch (reason) {
    case Reason::ended_softly:
      // A new sign-in has led back already; a token or code that was used twice may be a thief's.
      if (r.end_reason == EndReason::taken_over || r.end_reason == EndReason::token_reuse ||
          r.end_reason == EndReason::code_reuse) {
        return std::nullopt;
      }
      return r.ended_at;
    case Reason::past_maximum_age:
      return r.created_at + q.policy.maximum_age.value_or(Duration{0});
    case Reason::idle_too_long:
      return r.last_active_at + q.policy.maximum_idle.value_or(Duration{0});
    case Reason::expired:
      return *issue_time(r, q.generation) + access_lifetime(r, q.policy).value_or(Duration{0});
    case Reason::from_before_a_restore:
      return r.issued_at;  // the newest that the row knows
    default:
      return std::nullopt;
  }
}

}  // namespace

bool leads_back(const Question& question, bool signed_in_again) {
  if (signed_in_again) return false;
  Account unlocked = question.account;
  unlocked.locked_at.reset();
  const Question asked{.record = question.record,
                       .account = unlocked,
                       .generation = question.generation,
                       .now = question.now,
                       .policy = question.policy,
                       .slack = Duration{0}};
  const Standing standing = judge(asked);
  if (standing.active()) return true;
  if (standing.worth != Worth::soft || asked.generation < asked.record.seen) return false;
  const std::optional<Time> end = end_of(asked, standing.reason);
  return end && !passed(*end, asked.policy.remember_expired, asked.now);
}

}  // namespace latchkey::sessions
