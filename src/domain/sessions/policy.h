#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "platform/config/attributes.h"
#include "platform/config/bounds.h"
#include "platform/config/types.h"
#include "platform/time.h"

namespace latchkey::sessions {

// The options of `sessions:`. A Limit without a value is "never".
struct Policy {
  Limit access_token_lifetime = std::chrono::minutes{5};
  Limit access_token_lifetime_without_refresh;
  Limit refresh_token_lifetime;
  Limit maximum_age;
  Limit maximum_idle;
  Duration refresh_grace = std::chrono::seconds{60};
  Limit remember_expired = std::chrono::hours{24 * 30};
  Duration remember_ended = std::chrono::hours{24 * 90};
  std::size_t maximum_per_user = 500;
  Limit delete_unused_devices_after;
  std::size_t cache_entries = 200'000;
  bool access_token_in_query = false;
  config::Path ends_journal;
  config::Bytes ends_journal_size = 64 * 1024 * 1024;

  template <class Visitor>
  void options(Visitor& visit) {
    using namespace std::chrono_literals;
    constexpr Duration century = std::chrono::hours{24 * 36525};
    visit("access_token_lifetime", access_token_lifetime,
          "How long an access token lives when the client can refresh it.",
          config::Between{1s, century});
    visit("access_token_lifetime_without_refresh", access_token_lifetime_without_refresh,
          "How long an access token lives when the client cannot refresh it; after that it is "
          "softly logged out.",
          config::Between{1s, century});
    visit("refresh_token_lifetime", refresh_token_lifetime,
          "How long an unused refresh token lives; after that the client is softly logged out.",
          config::Between{1s, century});
    visit("maximum_age", maximum_age,
          "How long after sign-in a session is softly logged out, however active it is.",
          config::Between{1s, century});
    visit("maximum_idle", maximum_idle,
          "How long after its last request a session is softly logged out.",
          config::Between{3min, century});
    visit("refresh_grace", refresh_grace,
          "How long the tokens before the newest still work after the newest were first used: "
          "for a second tab that comes late. Must be less than access_token_lifetime.",
          config::Between{0s, 1h});
    visit("remember_expired", remember_expired,
          "How long GET /login shows a caller whose token expired, or whose session ended "
          "softly, only the ways that lead back to its account (MSC3741).",
          config::Between{1s, century});
    visit("remember_ended", remember_ended,
          "How long the rows of ended sessions are kept for the audit.",
          config::Between{std::chrono::hours{24}, century});
    visit("maximum_per_user", maximum_per_user,
          "The most devices a user may be signed in on; past it a sign-in is refused.",
          config::Between{1, 1'000'000});
    visit("delete_unused_devices_after", delete_unused_devices_after,
          "How long after its last use a device is signed out for good and deleted. Its encryption "
          "keys go with it, and with the last device of a person who has no key backup every "
          "message that only it could read: let it be long (365d), or never. The time in which "
          "this server was stopped does not count.",
          config::Between{24h, century});
    visit("cache_entries", cache_entries,
          "The most tokens whose standing is remembered in memory, over all threads; and half as "
          "many sessions that can be refreshed without reading their row.",
          config::Between{0, 100'000'000});
    visit("access_token_in_query", access_token_in_query,
          "Accept ?access_token= as very old clients send it (removed from the spec in v1.20).");
    visit("ends_journal", ends_journal,
          "A file to which each deliberate end of a session, each lock and each new password is "
          "appended before it is answered: after a restored backup `latchkey session replay-ends` "
          "ends these sessions again. Keep it on another disk than the database, one for each "
          "node. None, if empty.",
          config::Example{"/var/lib/latchkey-ends/journal"});
    visit("ends_journal_size", ends_journal_size,
          "How large the file of ends_journal grows before it is put aside, with .1 to .9 added, "
          "the newest first; what is older is dropped.",
          config::Between{64 * 1024, std::int64_t{1} << 40});
  }
};

// What an account may hold only so many of.
enum class Holding {
  device,
  app,  // a session without a device: its client knows who the person is, and can do no more
};

// How many of the oldest have to end before an account that holds `held` gets one more; absent: it
// gets none. The one place that knows the limits.
constexpr std::optional<std::size_t> room_for_one_more(const Policy& policy, Holding what,
                                                       std::size_t held) {
  const std::size_t most = policy.maximum_per_user;
  if (held < most) return 0;
  switch (what) {
    case Holding::device:
      break;  // the person has to choose: with it they may lose keys
    case Holding::app:
      return held - most + 1;  // nobody misses the oldest: its client asks the person once more
  }
  return std::nullopt;
}

}  // namespace latchkey::sessions
