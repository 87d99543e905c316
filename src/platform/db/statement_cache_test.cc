#include "platform/db/statement_cache.h"

#include <gtest/gtest.h>

namespace latchkey::db {
namespace {

struct Prepared {
  std::string text;
  std::string_view sql() const { return text; }
};

Prepared& find(StatementCache<Prepared>& cache, std::string_view sql, int& made) {
  return cache.find(sql, [&] {
    ++made;
    return std::make_unique<Prepared>(Prepared{std::string(sql)});
  });
}

TEST(StatementCache, PreparesEachTextOnce) {
  StatementCache<Prepared> cache;
  int made = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 200; ++i) {
      const std::string sql = "SELECT " + std::to_string(i);
      EXPECT_EQ(find(cache, sql, made).text, sql);
    }
  }
  EXPECT_EQ(made, 200);
}

TEST(StatementCache, IsNotFooledByAnotherTextAtTheSameAddress) {
  StatementCache<Prepared> cache;
  int made = 0;
  std::string sql = "SELECT a FROM t";
  find(cache, sql, made);
  sql[7] = 'b';
  EXPECT_EQ(find(cache, sql, made).text, "SELECT b FROM t");
  EXPECT_EQ(made, 2);
}

TEST(StatementCache, RefusesTextsWithoutEnd) {
  StatementCache<Prepared> cache;
  int made = 0;
  EXPECT_THROW(
      {
        for (int i = 0; i < 10'000; ++i) find(cache, "SELECT " + std::to_string(i), made);
      },
      Error);
}

}  // namespace
}  // namespace latchkey::db
