#pragma once

#include <span>
#include <string_view>

#include "platform/db/database.h"

namespace latchkey::db {

// One step of the schema: a numbered SQL file. Placeholders stand where the dialects differ:
// {{id}} is a 64-bit primary key that the program chooses, {{auto_id}} one that the database
// counts up.
struct Migration {
  int version;  // 1, 2, 3, … without a hole
  std::string_view name;
  std::string_view sql;
};

// Brings the database to the newest version, forward only: what is missing is applied in one
// transaction, under a lock, and noted in schema_migrations with a checksum. Returns how many
// were applied. Throws Refused with a sentence when the database is newer than this program, or
// when an applied migration has another text than it had.
int migrate(Database& database, std::span<const Migration> migrations);

}  // namespace latchkey::db
