#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "platform/db/database.h"

// Tests that run on every engine:
//
//   class ThingTest : public ::testing::TestWithParam<db::Dialect> {
//    protected:
//     db::TestDatabase database_{GetParam()};
//   };
//   INSTANTIATE_TEST_SUITE_P(Engines, ThingTest, db::engines(), db::engine_name);
namespace latchkey::db {

// A new, empty database, gone with this object. A real one: a SQLite file, or a database of
// shared_postgres().
class TestDatabase {
 public:
  explicit TestDatabase(Dialect dialect);
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  const std::string& url() const { return url_; }
  // The SQLite file, or where it would be: a folder of this test's own is around it.
  std::filesystem::path file() const { return folder_ / "test.db"; }

  // The open database; opened at the first use.
  Database& operator*();
  Database* operator->() { return &**this; }

  void close();
  // Closes it and opens it again, as a restart does.
  Database& reopen(const Options& options = small());

  // A pool that suits a test.
  static Options small();

 private:
  std::filesystem::path folder_;
  std::string url_;
  std::unique_ptr<Database> open_;
};

inline auto engines() { return ::testing::Values(Dialect::sqlite, Dialect::postgresql); }

inline std::string engine_name(const ::testing::TestParamInfo<Dialect>& info) {
  return info.param == Dialect::sqlite ? "Sqlite" : "Postgresql";
}

}  // namespace latchkey::db
