#include "platform/db/postgres_sql.h"

#include <gtest/gtest.h>

namespace latchkey::db {
namespace {

struct Case {
  const char* sql;
  const char* numbered;
  int parameters;
};

TEST(PostgresSql, NumbersParametersInOrderOfFirstUse) {
  const Case cases[] = {
      {"SELECT 1", "SELECT 1", 0},
      {"", "", 0},
      {"WHERE id = :id", "WHERE id = $1", 1},
      {"(:a,:b,:a)", "($1,$2,$1)", 2},
      {":b_2 :b :b_2", "$1 $2 $1", 2},
      {"a = ':no' AND b = :yes", "a = ':no' AND b = $1", 1},
      {"a = 'it''s :no' AND b = :yes", "a = 'it''s :no' AND b = $1", 1},
      {"\":no\" = :yes", "\":no\" = $1", 1},
      {"-- :no\n:yes", "-- :no\n$1", 1},
      {"/* :no */ :yes", "/* :no */ $1", 1},
      {":x::bigint", "$1::bigint", 1},
      {"a[1:2] : :yes", "a[1:2] : $1", 1},
      {"'open :no", "'open :no", 0},
      {"ends in a colon:", "ends in a colon:", 0},
  };
  for (const Case& c : cases) {
    const PostgresSql found = number_parameters(c.sql);
    EXPECT_EQ(found.text, c.numbered);
    EXPECT_EQ(found.parameters, c.parameters) << c.sql;
  }
}

}  // namespace
}  // namespace latchkey::db
