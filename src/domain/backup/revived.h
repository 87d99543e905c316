#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "domain/events/session_end.h"
#include "domain/identifiers.h"
#include "platform/db/tx.h"
#include "platform/time.h"

namespace latchkey::backup {

// What a backup brings back that had ended, as far as the database tells that it takes the place
// of. Of each list the first kMostListed are named.
struct Revived {
  static constexpr std::size_t kMostListed = 1000;

  struct Session {
    SessionId id{};
    std::string user;  // the localpart
    std::string device_id;
    // Absent: its row was cleared away.
    std::optional<Ended> how;
    std::optional<EndReason> why;
    std::optional<Time> ended_at;
  };
  struct People {
    std::size_t count = 0;
    std::vector<std::string> names;  // localparts

    void add(std::string name);
  };

  std::size_t sessions = 0;  // live in the backup, over there
  std::vector<Session> listed;
  People older_passwords;  // another password than there: the one from before is good again
  People unlocked;         // locked there
  People reactivated;      // deactivated there
  People missing;          // accounts that the backup lacks
};

// Reads both from end to end, some hundreds of rows at a time.
Revived compare(db::Tx& old, db::Tx& restored);

}  // namespace latchkey::backup
