// docs/formats/database.md says of each table how long its rows are kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "domain/schema/schema.h"
#include "platform/db/copy.h"
#include "platform/db/engines_testing.h"
#include "platform/db/migration.h"

namespace latchkey::app {
namespace {

// The names in backquotes of the first column, below that heading.
std::multiset<std::string> tables_below(const std::string& heading) {
  std::ifstream in(std::string(LATCHKEY_SOURCE_DIR) + "/docs/formats/database.md");
  std::multiset<std::string> names;
  bool below = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("## ")) below = line == heading;
    if (!below || !line.starts_with("| `")) continue;
    const std::string cell = line.substr(1, line.find('|', 1) - 1);
    for (std::size_t at = 0; (at = cell.find('`', at)) != std::string::npos;) {
      const std::size_t end = cell.find('`', at + 1);
      names.insert(cell.substr(at + 1, end - at - 1));
      at = end + 1;
    }
  }
  return names;
}

TEST(RetentionDocs, NameEachTableOnce) {
  db::TestDatabase database(db::Dialect::sqlite);
  db::migrate(*database, schema::migrations());
  std::multiset<std::string> tables{"schema_migrations"};
  for (const db::Table& table : database->read_now(db::list_tables)) tables.insert(table.name);
  EXPECT_EQ(tables_below("## What is kept how long"), tables);
}

}  // namespace
}  // namespace latchkey::app
