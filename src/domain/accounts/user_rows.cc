#include "domain/accounts/user_rows.h"

#include "domain/accounts/find_user.h"
#include "domain/accounts/matrix_id.h"
#include "domain/sessions/session_rows.h"
#include "platform/db/one_statement.h"

namespace latchkey::accounts {

namespace {

// What a user has beside its account.
struct Rest {
  std::optional<std::string> password_hash;
  std::optional<Time> erased_at;
};

}  // namespace
}  // namespace latchkey::accounts

template <>
struct latchkey::db::Columns<latchkey::accounts::Rest> {
  using Rest = accounts::Rest;
  static constexpr auto kAll = std::tuple{
      column("password_hash", &Rest::password_hash),
      column("erased_at", &Rest::erased_at),
  };
};

namespace latchkey::accounts {
namespace {

// The columns of a User, for `FROM users u`.
const std::string& select_user() {
  static const std::string sql = "SELECT " + db::column_list<Account>("u") + ", " +
                                 db::column_list<Rest>("u") + " FROM users u";
  return sql;
}

const std::string& user_by_localpart() {
  static const std::string sql = select_user() + " WHERE u.localpart = :localpart";
  return sql;
}

template <class... Args>
std::optional<User> find(db::Tx& tx, const std::string& sql, const Args&... args) {
  std::optional<User> found;
  db::each_row<Account, Rest>(
      tx, sql,
      [&](Account&& account, Rest&& rest) {
        found = User{std::move(account), std::move(rest.password_hash), rest.erased_at};
      },
      args...);
  return found;
}

}  // namespace

std::optional<User> find_user(db::Tx& tx, std::string_view localpart) {
  return find(tx, user_by_localpart(), localpart);
}

Task<std::optional<User>> find_user(db::Database& db, std::string_view localpart) {
  auto row = co_await db::read_row<Account, Rest>(db, user_by_localpart(), localpart);
  if (!row) co_return std::nullopt;
  auto& [account, rest] = *row;
  co_return User{std::move(account), std::move(rest.password_hash), rest.erased_at};
}

std::optional<User> find_user_named(db::Tx& tx, std::string_view name,
                                    std::string_view server_name) {
  const auto exact = exact_localpart(name, server_name);
  auto found = exact ? find_user(tx, *exact) : std::nullopt;
  const auto meant = found ? std::nullopt : localpart_meant(name, server_name);
  if (meant && meant != exact) found = find_user(tx, *meant);
  return found;
}

std::optional<User> find_user_by_id(db::Tx& tx, UserId id) {
  static const std::string sql = select_user() + " WHERE u.id = :id";
  return find(tx, sql, id);
}

std::optional<User> lock_user(db::Tx& tx, UserId id) {
  auto user = find(tx, select_user() + " WHERE u.id = :id" + std::string(tx.for_update()), id);
  if (user) sessions::note_account_held(tx, id);
  return user;
}

std::optional<User> find_user_by_threepid(db::Tx& tx, const Threepid& threepid) {
  static const std::string sql = select_user() +
                                 " JOIN threepids t ON t.user_id = u.id"
                                 " WHERE t.medium = :medium AND t.address = :address";
  return find(tx, sql, threepid.medium, threepid.address);
}

bool insert_user(db::Tx& tx, UserId id, std::string_view localpart,
                 const std::optional<std::string>& password_hash, bool admin, Time now) {
  const bool inserted = tx.run(
                            "INSERT INTO users (id, localpart, password_hash, admin, created_at)"
                            " VALUES (:id, :localpart, :hash, :admin, :now) ON CONFLICT DO NOTHING",
                            id, localpart, password_hash, admin, now) == 1;
  if (inserted) sessions::note_account_held(tx, id);
  return inserted;
}

void delete_new_user(db::Tx& tx, UserId id) { tx.run("DELETE FROM users WHERE id = :id", id); }

bool name_taken(db::Tx& tx, std::string_view localpart) {
  return tx.one<int>("SELECT 1 FROM users WHERE localpart = :localpart", localpart).has_value();
}

void update_password_hash(db::Tx& tx, UserId id, const std::optional<std::string>& hash) {
  tx.run("UPDATE users SET password_hash = :hash WHERE id = :id", hash, id);
}

std::string find_display_name(db::Tx& tx, UserId id) {
  const auto row =
      tx.one<std::optional<std::string>>("SELECT display_name FROM users WHERE id = :id", id);
  return row ? std::get<0>(*row).value_or("") : std::string();
}

void update_display_name(db::Tx& tx, UserId id, const std::optional<std::string>& name) {
  tx.run("UPDATE users SET display_name = :name WHERE id = :id", name, id);
}

void update_erased(db::Tx& tx, UserId id, std::optional<Time> at) {
  tx.run("UPDATE users SET erased_at = :at WHERE id = :id", at, id);
}

void update_account_state(db::Tx& tx, const Account& account) {
  tx.run(
      "UPDATE users SET admin = :admin, locked_at = :locked, suspended_at = :suspended,"
      " deactivated_at = :deactivated WHERE id = :id",
      account.admin, account.locked_at, account.suspended_at, account.deactivated_at, account.id);
}

}  // namespace latchkey::accounts
