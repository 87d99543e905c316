#include "platform/db/migration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "platform/db/engines_testing.h"

namespace latchkey::db {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

constexpr Migration things{1, "things",
                           "-- A comment; with a semicolon.\n"
                           "CREATE TABLE things (id {{id}}, name TEXT NOT NULL DEFAULT 'a;b');\n"
                           "CREATE TABLE logs (id {{auto_id}}, line TEXT NOT NULL);\n"};
constexpr Migration sizes{2, "sizes", "ALTER TABLE things ADD COLUMN size BIGINT;"};
constexpr Migration broken{2, "broken",
                           "CREATE TABLE more (id {{id}}); INSERT INTO nowhere VALUES (1);"};

std::string refusal(Database& database, std::span<const Migration> migrations) {
  try {
    migrate(database, migrations);
  } catch (const Refused& refused) {
    return refused.what();
  }
  return "";
}

class MigrationTest : public ::testing::TestWithParam<Dialect> {
 protected:
  TestDatabase db_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, MigrationTest, engines(), engine_name);

TEST_P(MigrationTest, AppliesWhatIsMissing) {
  EXPECT_EQ(migrate(*db_, {}), 0);
  EXPECT_EQ(migrate(*db_, {{things}}), 1);
  EXPECT_EQ(migrate(*db_, {{things, sizes}}), 1);
  EXPECT_EQ(migrate(*db_, {{things, sizes}}), 0);
  db_->write_now([](Tx& tx) {
    tx.run("INSERT INTO things (id, size) VALUES (:id, 3)", std::int64_t{1} << 60);
    const char* log = "INSERT INTO logs (line) VALUES (:line) RETURNING id";
    EXPECT_THAT(tx.one<int>(log, "first"), Optional(std::tuple(1)));
    EXPECT_THAT(tx.one<int>(log, "second"), Optional(std::tuple(2)));
    EXPECT_THAT(tx.one<std::string>("SELECT name FROM things"), Optional(std::tuple("a;b")));
  });
}

TEST_P(MigrationTest, WhatIsForPostgresqlAloneIsForNobodyElse) {
  constexpr Migration filled{2, "filled",
                             "{{postgresql}}ALTER TABLE things SET (fillfactor = 80);{{end}}"
                             "ALTER TABLE things ADD COLUMN size BIGINT;"
                             "{{postgresql}}ALTER TABLE things DROP COLUMN size;{{end}}"};
  EXPECT_EQ(migrate(*db_, {{things, filled}}), 2);
  const auto size_there = [&] {
    db_->read_now([](Tx& tx) { tx.all<std::optional<int>>("SELECT size FROM things"); });
  };
  if (GetParam() == Dialect::postgresql) {
    EXPECT_THROW(size_there(), Error);
  } else {
    EXPECT_NO_THROW(size_there());
  }
  constexpr Migration unended{3, "unended", "{{postgresql}}SELECT 1;"};
  EXPECT_THROW(migrate(*db_, {{things, filled, unended}}), Error);
}

TEST_P(MigrationTest, NotesWhatItApplied) {
  migrate(*db_, {{things}});
  const auto row = db_->read_now([](Tx& tx) {
    return tx.one<int, std::string, std::string, Time>(
        "SELECT version, name, checksum, applied_at FROM schema_migrations");
  });
  ASSERT_TRUE(row);
  EXPECT_EQ(std::get<0>(*row), 1);
  EXPECT_EQ(std::get<1>(*row), "things");
  EXPECT_EQ(std::get<2>(*row).size(), 64u);
  EXPECT_LT(SystemClock().now() - std::get<3>(*row), std::chrono::minutes{1});
}

TEST_P(MigrationTest, RefusesANewerDatabase) {
  migrate(*db_, {{things, sizes}});
  EXPECT_THAT(refusal(*db_, {{things}}), HasSubstr("newer than this program"));
}

constexpr Migration notes{3, "notes",
                          "-- Older nodes go on.\nCREATE TABLE notes (id {{id}}, line TEXT);"};

// A cluster is upgraded node by node, and back.
TEST_P(MigrationTest, AnOlderProgramStartsWhereOnlySomethingWasAdded) {
  migrate(*db_, {{things, sizes, notes}});
  EXPECT_EQ(migrate(*db_, {{things, sizes}}), 0);
  EXPECT_THAT(refusal(*db_, {{things}}), HasSubstr("migration 2 (sizes)"));
  EXPECT_EQ(migrate(*db_, {{things, sizes, notes}}), 0);
}

TEST_P(MigrationTest, AsksBeforeItBreaksWhatOthersNeed) {
  std::vector<int> asked;
  const BeforeBreaking ask = [&](Tx&, int applied) { asked.push_back(applied); };
  const BeforeBreaking refuse = [](Tx&, int) { throw Refused("others run"); };
  migrate(*db_, {{things}}, ask);
  EXPECT_TRUE(asked.empty()) << "a new database has no others";
  EXPECT_THROW(migrate(*db_, {{things, sizes, notes}}, refuse), Refused);
  migrate(*db_, {{things, sizes}}, ask);
  EXPECT_EQ(asked, std::vector{1});
  EXPECT_EQ(migrate(*db_, {{things, sizes, notes}}, refuse), 1) << "it only adds";
  EXPECT_EQ(migrate(*db_, {{things, sizes, notes}}, refuse), 0);
}

TEST_P(MigrationTest, RefusesAChangedMigration) {
  migrate(*db_, {{things}});
  constexpr Migration changed{1, "things", "CREATE TABLE things (id {{id}})"};
  EXPECT_THAT(refusal(*db_, {{changed}}), HasSubstr("migration 1 (things)"));
}

TEST_P(MigrationTest, AFailedOneLeavesNothing) {
  EXPECT_THROW(migrate(*db_, {{things, broken}}), Error);
  EXPECT_EQ(migrate(*db_, {{things, sizes}}), 2);
}

TEST_P(MigrationTest, RefusesAHoleInTheNumbers) { EXPECT_THROW(migrate(*db_, {{sizes}}), Error); }

// Two nodes of a cluster start at once.
TEST_P(MigrationTest, TwoAtOnceApplyItOnce) {
  std::atomic<int> applied{0};
  std::vector<std::thread> nodes;
  Database& database = *db_;
  for (int i = 0; i < 3; ++i) {
    nodes.emplace_back([&] { applied += migrate(database, {{things, sizes}}); });
  }
  for (auto& node : nodes) node.join();
  EXPECT_EQ(applied, 2);
}

}  // namespace
}  // namespace latchkey::db
