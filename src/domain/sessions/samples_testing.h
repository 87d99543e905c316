#pragma once

#include "domain/sessions/standing.h"

// Values for tests of rules: a session as it is most of the time, to be changed in one place.
namespace latchkey::sessions::testing {

using namespace std::chrono_literals;

inline constexpr Time kNoon = Time{Duration{1'800'000'000'000}};

// A session of a client that refreshes, begun an hour before kNoon: generation 7 was first used a
// minute ago, 8 was handed out 20 s ago and not used yet.
inline Record sample_record() {
  Record record;
  record.id = SessionId{(to_millis(kNoon - 1h) << 21) | 12345};
  record.user = UserId{1};
  record.device = DeviceKey{2};
  record.refreshes = true;
  record.nonce = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  record.created_at = kNoon - 1h;
  record.seen = 7;
  record.seen_at = kNoon - 1min;
  record.issued = 8;
  record.previous_issued_at = kNoon - 4min;
  record.seen_issued_at = kNoon - 2min;
  record.issued_at = kNoon - 20s;
  record.last_active_at = kNoon - 30s;
  return record;
}

inline Account sample_account() {
  Account account;
  account.id = UserId{1};
  account.localpart = "alice";
  return account;
}

// Access tokens live 5 minutes, the grace is 90 s, nothing else ends.
inline Policy sample_policy() {
  Policy policy;
  policy.access_token_lifetime = 5min;
  policy.refresh_grace = 90s;
  return policy;
}

// A question that owns what it asks about.
struct Asked {
  Record record = sample_record();
  Account account = sample_account();
  Policy policy = sample_policy();
  Generation generation = 8;
  Time now = kNoon;
  Duration slack{0};

  Question question() const {
    return {.record = record,
            .account = account,
            .generation = generation,
            .now = now,
            .policy = policy,
            .slack = slack};
  }
  Standing judge() const { return sessions::judge(question()); }
};

}  // namespace latchkey::sessions::testing
