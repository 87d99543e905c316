#pragma once

#include <optional>

#include "domain/sessions/policy.h"
#include "domain/sessions/record.h"
#include "platform/time.h"

// What a token is worth now. The one place that compares an expiry or an end; every surface
// asks here and only translates the answer. docs/formats/sessions.md shows the table with the
// reasons and the attacks behind each row.
namespace latchkey::sessions {

enum class Worth {
  missing,  // no token at all
  unknown,  // not a token of this server, or none that this surface takes
  ended,    // the session is over: a person ended it
  locked,   // the account is locked; the session and its keys wait
  soft,     // sign in again as the same user and device, keep the keys
  active,
};

enum class Reason {
  none,
  not_ours,    // no prefix of ours
  malformed,   // our prefix, wrong form or wrong check
  forged,      // a key never used, or a tag that does not fit the session
  wrong_kind,  // a refresh token where an access token belongs, or the reverse
  no_matrix_scope,
  ended_for_good,
  account_deactivated,
  account_locked,
  ended_softly,
  past_maximum_age,
  idle_too_long,
  from_before_a_restore,  // a later generation than the row knows
  expired,
  refresh_token_expired,
  replaced,  // by a refresh, and the grace is over
  reused,    // an old refresh token: two parties hold the session
  generations_spent,
  lost,      // authentic, but its row is gone with a restored backup
  purged,    // authentic, and its ended row was cleared away
  key_lost,  // signed by a server key that was replaced because it was lost
  good,
};

struct Standing {
  Worth worth = Worth::unknown;
  Reason reason = Reason::none;
  // When active: the first moment at which the answer may differ without a write; absent: none.
  std::optional<Time> until;

  bool active() const { return worth == Worth::active; }
};

// Everything a verdict depends on. `slack` is for introspection behind an edge: what went soft or
// locked less than that ago still counts as active; deliberate ends get none.
struct Question {
  const Record& record;
  const Account& account;
  Generation generation = 0;
  Time now;
  const Policy& policy;
  Duration slack{0};
  bool any_scope = false;  // asked by what is no part of the Client-Server API
};

// Whether the session's scope holds the Client-Server API (spec "Full client-server API
// read/write access"); a legacy session's does.
bool reaches_matrix(const Record& record);

// The scopes of an administrator's client: Synapse's, and MSC4484's.
// Whether a scope, tokens with spaces between (RFC 6749 section 3.3), holds this one.
bool names_token(std::string_view scope, std::string_view token);
inline constexpr std::string_view kSynapseAdminScope = "urn:synapse:admin:*";
inline constexpr std::string_view kServerAdministrationScope =
    "urn:matrix:client:server_administration";

// Whether the session's client may use what its person has as an administrator: an app that was let
// in to read messages may not lock people out. A legacy session's client may.
bool may_administer(const Record& record);

// A time further ahead of now than this counts as long past: a clock set back prolongs nothing.
constexpr Duration kClockSkew = std::chrono::seconds{10};
// The same for the last use, which any node notes by its own clock (docs/formats/sessions.md,
// "Clocks"): what was used just now is not idle.
constexpr Duration kClocksApart = std::chrono::minutes{1};

// The standing of an access token of this session (authentic: its tag was checked).
Standing judge(const Question& question);

// The rows of the table that concern the session and its account rather than one token; absent
// when none of them fits and the token itself decides.
std::optional<Standing> judge_session(const Question& question);

// The rows that concern the account alone, for who acts in its name without a session (an
// application service).
std::optional<Standing> judge_account(const Account& account);

// How long access tokens of this session live.
Limit access_lifetime(const Record& record, const Policy& policy);

// When the tokens of a generation were handed out; absent for one the row knows no more.
std::optional<Time> issue_time(const Record& record, Generation generation);

// Whether `limit` had passed since `at`, `slack` ago; so it has since a time more than `ahead` of
// now.
bool passed(Time at, Limit limit, Time now, Duration slack = Duration{0},
            Duration ahead = kClockSkew);

// Whether `generation` is the one before `seen` and its grace was not over `slack` ago.
bool in_grace(const Record& record, Generation generation, Duration grace, Time now,
              Duration slack = Duration{0});

// The standing of an authentic token whose session has no row.
struct Lost {
  Time born;                                // from the session id
  bool in_gap = false;                      // a recorded gap holds `born`
  Time newest_heartbeat;                    // of any node with this database
  std::optional<Account> folded_into = {};  // whose device it was taken over on (folded_sessions.h)
};

// Heartbeats come each minute; a session may be lost that began this long before the newest.
constexpr Duration kHeartbeatMargin = std::chrono::minutes{1};

Standing judge_lost(const Lost& lost);

}  // namespace latchkey::sessions
