#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "platform/db/database.h"

namespace latchkey::db {

// One step of the schema: a numbered SQL file. Placeholders stand where the dialects differ:
// {{id}} is a 64-bit primary key that the program chooses, {{auto_id}} one that the database
// counts up; what stands between {{postgresql}} or {{sqlite}} and {{end}} is for that engine alone.
struct Migration {
  int version;  // 1, 2, 3, … without a hole
  std::string_view name;
  std::string_view sql;

  // A file that begins so adds what programs from before it do without: a table, a column with a
  // default, an index. They go on beside it, and start on a database that has it, so that a cluster
  // is upgraded node by node, and back.
  static constexpr std::string_view additive = "-- Older nodes go on.";
  bool is_additive() const { return sql.starts_with(additive); }
};

// Asked, in the transaction, before a migration that is not additive changes a database that has
// `applied` others already. It throws Refused when programs run that could not go on.
using BeforeBreaking = std::function<void(Tx& tx, int applied)>;

// Brings the database to the newest version, forward only: what is missing is applied in one
// transaction, under a lock, and noted in schema_migrations with a checksum. Returns how many
// were applied. Throws Refused with a sentence when the database is newer than this program by more
// than additive migrations, or when an applied migration has another text than it had.
int migrate(Database& database, std::span<const Migration> migrations,
            const BeforeBreaking& before_breaking = {});

}  // namespace latchkey::db
