// Which past tokens still lead back to their account (MSC3741), row by row.
#include "domain/sessions/remembering.h"

#include <gtest/gtest.h>

#include "domain/sessions/samples_testing.h"

namespace latchkey::sessions {
namespace {

using testing::Asked;
using testing::kNoon;
using namespace std::chrono_literals;

void end(Asked& a, Ended how, EndReason why, Duration ago = 1s) {
  a.record.ended = how;
  a.record.end_reason = why;
  a.record.ended_at = kNoon - ago;
}

struct ReturnCase {
  const char* name;
  void (*change)(Asked&);
  bool leads_back;
};

constexpr ReturnCase kReturnCases[] = {
    {"a good token", [](Asked&) {}, true},
    {"of the generation in use", [](Asked& a) { a.generation = 7; }, true},
    {"the one before, in its grace", [](Asked& a) { a.generation = 6; }, true},
    {"the one before, after its grace",
     [](Asked& a) {
       a.generation = 6;
       a.policy.refresh_grace = 59s;
     },
     false},
    {"an older one", [](Asked& a) { a.generation = 5; }, false},
    {"a later one, from before a restore", [](Asked& a) { a.generation = 9; }, true},

    {"expired", [](Asked& a) { a.policy.access_token_lifetime = 20s; }, true},
    {"expired, of the generation in use",
     [](Asked& a) {
       a.generation = 7;
       a.policy.access_token_lifetime = 20s;
     },
     true},
    {"expired, of the one before",
     [](Asked& a) {
       a.generation = 6;
       a.policy.access_token_lifetime = 20s;
     },
     false},
    {"expired for as long as is remembered",
     [](Asked& a) {
       a.policy.access_token_lifetime = 10s;
       a.policy.remember_expired = 10s;
     },
     false},
    {"expired for nearly as long",
     [](Asked& a) {
       a.policy.access_token_lifetime = 10s;
       a.policy.remember_expired = 10s + 1ms;
     },
     true},
    {"expired, remembered for ever",
     [](Asked& a) {
       a.record.issued_at = kNoon - std::chrono::hours{24 * 4000};
       a.policy.remember_expired.reset();
     },
     true},

    {"too old", [](Asked& a) { a.policy.maximum_age = 1h; }, true},
    {"too old, and no longer remembered",
     [](Asked& a) {
       a.policy.maximum_age = 30min;
       a.policy.remember_expired = 30min;
     },
     false},
    {"too idle", [](Asked& a) { a.policy.maximum_idle = 30s; }, true},
    {"too idle, and no longer remembered",
     [](Asked& a) {
       a.policy.maximum_idle = 10s;
       a.policy.remember_expired = 20s;
     },
     false},

    {"softly ended by an administrator",
     [](Asked& a) { end(a, Ended::softly, EndReason::administrator_softly); }, true},
    {"the same, an older token",
     [](Asked& a) {
       end(a, Ended::softly, EndReason::administrator_softly);
       a.generation = 6;
     },
     false},
    {"the same, for as long as is remembered",
     [](Asked& a) { end(a, Ended::softly, EndReason::administrator_softly, 24h * 30); }, false},
    {"the same, for nearly as long",
     [](Asked& a) { end(a, Ended::softly, EndReason::administrator_softly, 24h * 30 - 1ms); },
     true},
    {"out of generations", [](Asked& a) { end(a, Ended::softly, EndReason::generations_spent); },
     true},
    {"a new sign-in to its device", [](Asked& a) { end(a, Ended::softly, EndReason::taken_over); },
     false},
    {"used by two parties", [](Asked& a) { end(a, Ended::softly, EndReason::token_reuse); }, false},
    {"its code shown twice", [](Asked& a) { end(a, Ended::softly, EndReason::code_reuse); }, false},

    {"locked", [](Asked& a) { a.account.locked_at = kNoon - 1h; }, true},
    {"locked and expired",
     [](Asked& a) {
       a.account.locked_at = kNoon - 1h;
       a.policy.access_token_lifetime = 20s;
     },
     true},
    {"locked, and a new sign-in to its device",
     [](Asked& a) {
       a.account.locked_at = kNoon - 1h;
       end(a, Ended::softly, EndReason::taken_over);
     },
     false},
    {"locked, an older token",
     [](Asked& a) {
       a.account.locked_at = kNoon - 1h;
       a.generation = 3;
     },
     false},

    {"signed out", [](Asked& a) { end(a, Ended::for_good, EndReason::logout); }, false},
    {"signed out and locked",
     [](Asked& a) {
       end(a, Ended::for_good, EndReason::logout);
       a.account.locked_at = kNoon - 1h;
     },
     false},
    {"of a deactivated account", [](Asked& a) { a.account.deactivated_at = kNoon - 1s; }, false},
    {"from a clock far ahead",
     [](Asked& a) { end(a, Ended::softly, EndReason::administrator_softly, -1h); }, false},
};

TEST(Remembering, EachRowOfTheTable) {
  for (const ReturnCase& one : kReturnCases) {
    Asked asked;
    one.change(asked);
    EXPECT_EQ(leads_back(asked.question(), false), one.leads_back) << one.name;
    EXPECT_FALSE(leads_back(asked.question(), true)) << one.name << ", and signed in again";
  }
}

}  // namespace
}  // namespace latchkey::sessions
