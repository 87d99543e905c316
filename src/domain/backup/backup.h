#pragma once

#include <string>

#include "platform/db/database.h"

// A backup is a SQLite file with the schema of the database, whichever engine that has: so it can
// be looked at, checked, and put back into either.
namespace latchkey::backup {

// Copies the whole database, as it is at one moment, into the new file `path`, while it is in use.
// The file has that name when it is whole and durable, and not before. Throws db::Refused with a
// sentence when it is there already or cannot be made.
void make_backup(db::Database& database, const std::string& path);

}  // namespace latchkey::backup
