#include "platform/db/one_statement.h"

namespace latchkey::db {

Task<std::vector<std::int64_t>> change_all(Database& db, std::int64_t key,
                                           std::optional<Duration> patience,
                                           std::span<const Change> changes) {
  std::vector<detail::Changed> changed;
  for (const Change& change : changes) changed.push_back({.sql = change.sql});
  std::vector<OneStatement> statements;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    statements.push_back(detail::one_statement(changed[i], changes[i].args));
    statements[i].postgresql = changes[i].postgresql;
  }
  for (std::size_t i = 1; i < statements.size(); ++i) statements[i - 1].then = &statements[i];
  OneStatement& first = statements.front();
  first.patience = patience;
  first.key = key;
  co_await db.write_one(first);
  std::vector<std::int64_t> rows;
  for (const detail::Changed& one : changed) rows.push_back(one.rows);
  co_return rows;
}

}  // namespace latchkey::db
