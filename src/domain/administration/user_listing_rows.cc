#include "domain/administration/user_listing_rows.h"

namespace latchkey::administration {
namespace {

constexpr std::int64_t kPiece = 10'000;

constexpr auto kUser =
    "SELECT id, localpart, display_name, admin,"
    " CASE WHEN password_hash IS NULL THEN 0 ELSE 1 END, created_at, locked_at, suspended_at,"
    " deactivated_at, erased_at FROM users ";

template <class... Args>
std::vector<ListedUser> select_users(db::Tx& tx, const std::string& sql, const Args&... args) {
  std::vector<ListedUser> users;
  for (auto& [id, localpart, name, admin, password, created, locked, suspended, deactivated,
              erased] :
       tx.all<std::int64_t, std::string, std::optional<std::string>, int, int, Time,
              std::optional<Time>, std::optional<Time>, std::optional<Time>, std::optional<Time>>(
           sql, args...)) {
    users.push_back({.id = UserId{id},
                     .localpart = std::move(localpart),
                     .display_name = name.value_or(""),
                     .admin = admin != 0,
                     .has_password = password != 0,
                     .created_at = created,
                     .locked_at = locked,
                     .suspended_at = suspended,
                     .deactivated_at = deactivated,
                     .erased_at = erased,
                     .last_seen_at = {}});
  }
  return users;
}

}  // namespace

std::vector<ListedUser> users_after(db::Tx& tx, std::string_view localpart, std::int64_t most) {
  static const std::string sql =
      std::string(kUser) + "WHERE localpart > :after ORDER BY localpart LIMIT :most";
  return select_users(tx, sql, localpart, most);
}

std::optional<ListedUser> listed_user(db::Tx& tx, UserId id) {
  static const std::string sql = std::string(kUser) + "WHERE id = :id";
  auto users = select_users(tx, sql, id);
  return users.empty() ? std::nullopt : std::optional(std::move(users.front()));
}

std::optional<Time> last_seen(db::Tx& tx, UserId id) {
  // Branches by state, so that each uses its partial index.
  const auto found = tx.one<std::optional<Time>>(
      "SELECT MAX(at) FROM ("
      "SELECT MAX(x.last_active_at) AS at FROM devices y"
      " JOIN sessions x ON x.device = y.id AND x.ended = 0"
      " WHERE y.user_id = :user AND y.deleted_at IS NULL"
      " UNION ALL SELECT MAX(x.last_active_at) FROM devices y"
      " JOIN sessions x ON x.device = y.id AND x.ended = 1"
      " WHERE y.user_id = :user AND y.deleted_at IS NULL"
      " UNION ALL SELECT MAX(x.last_active_at) FROM devices y"
      " JOIN sessions x ON x.device = y.id AND x.ended = 2"
      " WHERE y.user_id = :user AND y.deleted_at IS NOT NULL"
      " UNION ALL SELECT MAX(last_active_at) FROM sessions"
      " WHERE user_id = :user AND device IS NULL"
      " UNION ALL SELECT MAX(last_active_at) FROM browser_sessions WHERE user_id = :user"
      ") seen",
      id);
  return found ? std::get<0>(*found) : std::nullopt;
}

std::optional<Time> recovery_link_until(db::Tx& tx, UserId id, Time now) {
  const auto found = tx.one<Time>(
      "SELECT expires_at FROM recovery_links WHERE user_id = :user AND expires_at > :now", id, now);
  return found ? std::optional(std::get<0>(*found)) : std::nullopt;
}

std::optional<std::int64_t> count_users(db::Tx& tx, std::int64_t after, Time lately,
                                        Totals& totals) {
  std::optional<std::int64_t> last;
  std::int64_t read = 0;
  using When = std::optional<Time>;
  for (const auto& [id, admin, locked, suspended, deactivated, created] :
       tx.all<std::int64_t, int, When, When, When, Time>(
           "SELECT id, admin, locked_at, suspended_at, deactivated_at, created_at FROM users"
           " WHERE id > :after ORDER BY id LIMIT :most",
           after, kPiece)) {
    last = id;
    ++read;
    totals.users += 1;
    totals.administrators += admin != 0 ? 1 : 0;
    totals.locked += locked ? 1 : 0;
    totals.suspended += suspended ? 1 : 0;
    totals.deactivated += deactivated ? 1 : 0;
    totals.created_lately += created > lately ? 1 : 0;
  }
  return read < kPiece ? std::nullopt : last;
}

std::optional<std::int64_t> count_sessions(db::Tx& tx, std::int64_t after, Time day, Time month,
                                           Totals& totals) {
  std::optional<std::int64_t> last;
  std::int64_t read = 0;
  for (const auto& [id, ended, active] :
       tx.all<std::int64_t, int, Time>("SELECT id, ended, last_active_at FROM sessions"
                                       " WHERE id > :after ORDER BY id LIMIT :most",
                                       after, kPiece)) {
    last = id;
    ++read;
    if (ended != 0) continue;
    totals.sessions += 1;
    totals.sessions_of_a_day += active > day ? 1 : 0;
    totals.sessions_of_a_month += active > month ? 1 : 0;
  }
  return read < kPiece ? std::nullopt : last;
}

std::optional<std::int64_t> count_browsers(db::Tx& tx, std::int64_t after, Totals& totals) {
  std::optional<std::int64_t> last;
  std::int64_t read = 0;
  for (const auto& [id] : tx.all<std::int64_t>(
           "SELECT id FROM browser_sessions WHERE id > :after ORDER BY id LIMIT :most", after,
           kPiece)) {
    last = id;
    ++read;
    totals.browsers += 1;
  }
  return read < kPiece ? std::nullopt : last;
}

}  // namespace latchkey::administration
