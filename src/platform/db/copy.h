#pragma once

#include <string>
#include <vector>

#include "platform/db/database.h"

// All rows of a database in one of the other engine. Rows travel as JSON texts, which both engines
// read and write, so nothing here knows the schema: the SQLite side says what tables and columns
// there are. They arrive as they were: no trigger sees them.
namespace latchkey::db {

struct Table {
  std::string name;
  std::vector<std::string> columns;
};

// The tables of a SQLite database, each after those that its foreign keys refer to; without the
// list of migrations, which every database has of its own.
std::vector<Table> list_tables(Tx& sqlite);

// One snapshot of the PostgreSQL database `from` into `to`, a SQLite database with the same schema,
// which is emptied first.
void copy_to_sqlite(Database& from, Database& to);

// The same back, in the transaction of the caller: all of it, or nothing. What the PostgreSQL
// database holds is removed.
void copy_to_postgres(Database& from, Tx& to);

}  // namespace latchkey::db
