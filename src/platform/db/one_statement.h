#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "platform/db/database.h"
#include "platform/db/row.h"
#include "platform/task.h"

// Transactions of a single statement, which is what the token path needs: found by its key, or
// changed if it is still as it was read. They take one round trip to PostgreSQL, where any other
// transaction takes two at least.
namespace latchkey::db {

namespace detail {

// What a statement that reads at most one row gives.
template <class... Rows>
struct OneRow {
  std::string_view sql;
  std::optional<std::tuple<Rows...>> found;

  void take(Statement& statement) {
    found.reset();
    EachRow<AllStored<Rows...>>::template read<Rows...>(statement, [this](Rows&&... rows) {
      if (found) wrong_row_count(sql, "more than one row");
      found.emplace(std::move(rows)...);
    });
  }
};

// What a statement that changes rows gives.
struct Changed {
  std::string_view sql;
  std::int64_t rows = 0;

  void take(Statement& statement) {
    if (statement.next({})) wrong_row_count(sql, "rows");
    rows = statement.affected();
  }
};

// What a statement that changes one row at most gives of it.
template <class... Cols>
struct ChangedRow {
  std::string_view sql;
  std::optional<std::tuple<Cols...>> found;

  void take(Statement& statement) {
    found.reset();
    read_rows<Cols...>(statement, [this](Cols&... cols) {
      if (found) wrong_row_count(sql, "more than one row");
      found.emplace(std::move(cols)...);
    });
  }
};

template <class Taken>
OneStatement one_statement(Taken& taken, std::span<const Value> args) {
  return {
      .sql = taken.sql,
      .args = args,
      .read = [](void* into, Statement& statement) { static_cast<Taken*>(into)->take(statement); },
      .into = &taken};
}

}  // namespace detail

// The one row of a SELECT that lists the columns of these structs (row.h); more is an Error. `sql`
// is a static text.
template <class... Rows, class... Args>
Task<std::optional<std::tuple<Rows...>>> read_row(Database& db, std::string_view sql,
                                                  Args... args) {
  const std::array<Value, sizeof...(Args)> values{detail::to_value(args)...};
  detail::OneRow<Rows...> row{sql, {}};
  co_await db.read_one(detail::one_statement(row, values));
  co_return std::move(row.found);
}

// Runs a statement that changes rows, and returns how many: durable when it returns. It may run
// twice when a connection is lost: let it change only what is still as it was read, so that the
// second run changes nothing (and says 0). `key` is that of the row. A turn that comes later than
// `patience` is too late: Unavailable.
template <class... Args>
Task<std::int64_t> change(Database& db, std::int64_t key, std::optional<Duration> patience,
                          std::string_view sql, Args... args) {
  const std::array<Value, sizeof...(Args)> values{detail::to_value(args)...};
  detail::Changed changed{.sql = sql};
  OneStatement statement = detail::one_statement(changed, values);
  statement.patience = patience;
  statement.key = key;
  co_await db.write_one(statement);
  co_return changed.rows;
}

// The same with the columns that the statement's RETURNING lists; absent: it changed nothing. It
// has to name its row by the key: more than one is an Error, after they have been changed.
template <class... Cols, class... Args>
Task<std::optional<std::tuple<Cols...>>> change_row(Database& db, std::int64_t key,
                                                    std::optional<Duration> patience,
                                                    std::string_view sql, Args... args) {
  const std::array<Value, sizeof...(Args)> values{detail::to_value(args)...};
  detail::ChangedRow<Cols...> changed{.sql = sql, .found = {}};
  OneStatement statement = detail::one_statement(changed, values);
  statement.patience = patience;
  statement.key = key;
  co_await db.write_one(statement);
  co_return std::move(changed.found);
}

// A statement of a few that are one transaction. `postgresql`: see OneStatement.
struct Change {
  std::string_view sql;
  std::string_view postgresql = {};
  std::span<const Value> args = {};
};

// The same as change() with a few statements, which take place one after the other, all or none.
// How many rows each has changed.
Task<std::vector<std::int64_t>> change_all(Database& db, std::int64_t key,
                                           std::optional<Duration> patience,
                                           std::span<const Change> changes);

}  // namespace latchkey::db
