#include "domain/accounts/user_rows.h"

#include "domain/accounts/recovery_links.h"

namespace latchkey::accounts {

namespace {

constexpr std::string_view kSelectUser =
    "SELECT u.id, u.localpart, u.admin, u.locked_at, u.suspended_at, u.deactivated_at,"
    " u.password_hash, u.erased_at FROM users u";

template <class... Args>
std::optional<User> select_user(db::Tx& tx, const std::string& sql, const Args&... args) {
  using MaybeTime = std::optional<Time>;
  auto row = tx.one<UserId, std::string, bool, MaybeTime, MaybeTime, MaybeTime,
                    std::optional<std::string>, MaybeTime>(sql, args...);
  if (!row) return std::nullopt;
  auto& [id, localpart, admin, locked, suspended, deactivated, hash, erased] = *row;
  return User{
      {id, std::move(localpart), admin, locked, suspended, deactivated}, std::move(hash), erased};
}

}  // namespace

std::optional<User> find_user(db::Tx& tx, std::string_view localpart) {
  static const std::string sql = std::string(kSelectUser) + " WHERE u.localpart = :localpart";
  return select_user(tx, sql, localpart);
}

std::optional<User> find_user_by_id(db::Tx& tx, UserId id) {
  static const std::string sql = std::string(kSelectUser) + " WHERE u.id = :id";
  return select_user(tx, sql, id);
}

std::optional<User> lock_user(db::Tx& tx, UserId id) {
  const std::string sql = std::string(kSelectUser) + " WHERE u.id = :id";
  return select_user(tx, sql + std::string(tx.for_update()), id);
}

std::optional<User> find_user_by_threepid(db::Tx& tx, const Threepid& threepid) {
  static const std::string sql = std::string(kSelectUser) +
                                 " JOIN threepids t ON t.user_id = u.id"
                                 " WHERE t.medium = :medium AND t.address = :address";
  return select_user(tx, sql, threepid.medium, threepid.address);
}

bool insert_user(db::Tx& tx, UserId id, std::string_view localpart,
                 const std::optional<std::string>& password_hash, bool admin, Time now) {
  return tx.run(
             "INSERT INTO users (id, localpart, password_hash, admin, created_at)"
             " VALUES (:id, :localpart, :hash, :admin, :now) ON CONFLICT DO NOTHING",
             id, localpart, password_hash, admin, now) == 1;
}

void delete_new_user(db::Tx& tx, UserId id) { tx.run("DELETE FROM users WHERE id = :id", id); }

bool name_taken(db::Tx& tx, std::string_view localpart) {
  return tx.one<int>("SELECT 1 FROM users WHERE localpart = :localpart", localpart).has_value();
}

void update_password_hash(db::Tx& tx, UserId id, std::string_view hash) {
  tx.run("UPDATE users SET password_hash = :hash WHERE id = :id", hash, id);
}

void replace_password(db::Tx& tx, UserId id, const std::optional<std::string>& hash,
                      sessions::BrowserSessionId but) {
  tx.run("UPDATE users SET password_hash = :hash WHERE id = :id", hash, id);
  tx.run("DELETE FROM auth_sessions WHERE user_id = :id", id);
  delete_recovery_links_of(tx, id);
  sessions::end_browsers_of(tx, id, but);
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
