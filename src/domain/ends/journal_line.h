#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/events/session_end.h"
#include "domain/identifiers.h"
#include "platform/time.h"

// What the journal of ends holds: a JSON object on each line (docs/operating/backup.md). Pure.
namespace latchkey::ends {

enum class What {
  session,    // ended, on purpose
  browser,    // is signed out of the account pages
  everybody,  // every session that had begun, softly
  locked,     // an account, and so on
  unlocked,
  deactivated,
  erased,
  reactivated,
  password,  // is another one now
};

struct Line {
  What what{};
  Time at{};
  // Whose; absent: everybody's.
  std::optional<UserId> user = {};
  std::string name = {};  // the user's localpart, for people who read it
  std::optional<SessionId> session = {};
  std::string device_id = {};  // of the session; empty: it has none
  std::optional<BrowserSessionId> browser = {};
  Ended how = Ended::live;  // of a session
  EndReason why{};          // of a session
};

// Without a line break. Holds no secret: an ID says nothing to whom it is of no account.
std::string format_line(const Line& line);
// Absent: this is no whole line, for example the last one of a machine that lost its power.
std::optional<Line> parse_line(std::string_view text);

}  // namespace latchkey::ends
