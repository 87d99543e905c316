#pragma once

#include <optional>
#include <string>

#include "domain/accounts/audit.h"
#include "domain/backup/revived.h"
#include "platform/db/database.h"

// A backup in the place of the database. Whatever is refused (db::Refused, with a sentence) is
// refused before anything has changed.
namespace latchkey::backup {

struct Wanted {
  std::string file;         // a backup of either engine, or a copy of a SQLite database
  std::string server_name;  // of the configuration: the backup has to be of the same
  std::string key_file;     // has to hold the keys that the backup lists
  accounts::Operator by;    // for the audit
  Time now;
  bool replace = false;  // PostgreSQL: a database that holds accounts may be replaced
};

struct Restored {
  // The newest heartbeat of the backup: what has happened since is lost. Absent: none was ever
  // served with it.
  std::optional<Time> made_at;
  // Until when sessions that are missing count as lost.
  Time gap_until{};
  // Where the files of the database went that was there; absent: there was none.
  std::optional<std::string> before;
  // Absent: nothing was there to compare with, or it cannot be read (why).
  std::optional<Revived> revived;
  std::optional<std::string> unreadable;
};

// Throws db::Locked while a server or a command has the database.
Restored restore_sqlite(const std::string& database, const Wanted& wanted);

// Throws db::Refused while a node serves with the database, or when it holds accounts and
// `replace` was not asked for.
Restored restore_postgres(db::Database& database, const Wanted& wanted);

}  // namespace latchkey::backup
