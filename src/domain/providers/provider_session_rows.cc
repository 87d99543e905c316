#include "domain/providers/provider_session_rows.h"

#include <utility>

namespace latchkey::providers {
namespace {

constexpr std::string_view kSelect =
    "SELECT browser_session, provider, subject, name, user_id, created_at, hint"
    " FROM provider_sessions";

template <class... Args>
std::vector<BegunThere> select(db::Tx& tx, std::string_view condition, const Args&... args) {
  std::vector<BegunThere> found;
  for (auto& row :
       tx.all<BrowserSessionId, std::string, std::string, std::string, UserId, Time,
              std::optional<std::string>>(std::string(kSelect) + std::string(condition), args...)) {
    auto& [browser, provider, subject, name, user, created_at, hint] = row;
    found.push_back({browser, std::move(provider), std::move(subject), std::move(name), user,
                     created_at, std::move(hint)});
  }
  return found;
}

}  // namespace

void put_begun_there(db::Tx& tx, const BegunThere& begun, std::int64_t most) {
  tx.run(
      "INSERT INTO provider_sessions (browser_session, provider, subject, name, user_id,"
      " created_at, hint)"
      " VALUES (:browser, :provider, :subject, :name, :user, :created, :hint)"
      " ON CONFLICT (browser_session) DO UPDATE SET provider = excluded.provider,"
      " subject = excluded.subject, name = excluded.name, user_id = excluded.user_id,"
      " created_at = excluded.created_at, hint = excluded.hint",
      begun.browser, begun.provider, begun.subject, begun.name, begun.user, begun.created_at,
      begun.hint);
  tx.run(
      "DELETE FROM provider_sessions WHERE user_id = :user AND browser_session NOT IN"
      " (SELECT browser_session FROM provider_sessions WHERE user_id = :user"
      " ORDER BY created_at DESC, browser_session DESC LIMIT :most)",
      begun.user, most);
}

std::optional<BegunThere> find_begun_there(db::Tx& tx, BrowserSessionId browser) {
  auto found = select(tx, " WHERE browser_session = :browser", browser);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<BegunThere> list_begun_there(db::Tx& tx, std::string_view provider,
                                         std::string_view subject, std::string_view name) {
  if (name.empty()) {
    return select(tx, " WHERE provider = :provider AND subject = :subject", provider, subject);
  }
  if (subject.empty()) {
    return select(tx, " WHERE provider = :provider AND name = :name AND name <> ''", provider,
                  name);
  }
  return select(tx,
                " WHERE provider = :provider AND name = :name AND name <> ''"
                " AND subject = :subject",
                provider, name, subject);
}

std::vector<BegunThere> list_begun_there_of(db::Tx& tx, UserId user) {
  return select(tx, " WHERE user_id = :user", user);
}

std::vector<BegunThere> list_begun_there_until(db::Tx& tx, std::string_view provider,
                                               Time created_at, std::int64_t most) {
  return select(tx,
                " WHERE provider = :provider AND created_at <= :until"
                " ORDER BY created_at LIMIT :most",
                provider, created_at, most);
}

void delete_begun_there(db::Tx& tx, BrowserSessionId browser) {
  tx.run("DELETE FROM provider_sessions WHERE browser_session = :browser", browser);
}

void delete_all_begun_there(db::Tx& tx, UserId user) {
  tx.run("DELETE FROM provider_sessions WHERE user_id = :user", user);
}

std::int64_t delete_begun_there_before(db::Tx& tx, Time created_at, std::int64_t limit) {
  return tx.run(
      "DELETE FROM provider_sessions WHERE browser_session IN (SELECT p.browser_session"
      " FROM provider_sessions p WHERE p.created_at <= :created AND NOT EXISTS"
      " (SELECT 1 FROM browser_sessions b WHERE b.id = p.browser_session)"
      " AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.ended = 0 AND s.browser_session IS NOT "
      "NULL"
      " AND s.browser_session = p.browser_session) LIMIT :limit)",
      created_at, limit);
}

bool count_once(db::Tx& tx, std::string_view hash, Time expires_at) {
  return tx.run(
             "INSERT INTO provider_logouts (hash, expires_at) VALUES (:hash, :expires)"
             " ON CONFLICT DO NOTHING",
             hash, expires_at) == 1;
}

std::int64_t delete_expired_logouts(db::Tx& tx, Time now, std::int64_t limit) {
  return tx.run(
      "DELETE FROM provider_logouts WHERE hash IN"
      " (SELECT hash FROM provider_logouts WHERE expires_at <= :now LIMIT :limit)",
      now, limit);
}

}  // namespace latchkey::providers
