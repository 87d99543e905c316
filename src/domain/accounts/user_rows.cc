#include "domain/accounts/user_rows.h"

namespace latchkey::accounts {

std::optional<User> find_user(db::Tx& tx, std::string_view localpart) {
  using MaybeTime = std::optional<Time>;
  auto row = tx.one<std::int64_t, std::string, bool, MaybeTime, MaybeTime, MaybeTime,
                    std::optional<std::string>>(
      "SELECT id, localpart, admin, locked_at, suspended_at, deactivated_at, password_hash"
      " FROM users WHERE localpart = :localpart",
      localpart);
  if (!row) return std::nullopt;
  auto& [id, name, admin, locked, suspended, deactivated, hash] = *row;
  return User{{id, std::move(name), admin, locked, suspended, deactivated}, std::move(hash)};
}

bool insert_user(db::Tx& tx, UserId id, std::string_view localpart,
                 const std::optional<std::string>& password_hash, bool admin, Time now) {
  return tx.run(
             "INSERT INTO users (id, localpart, password_hash, admin, created_at)"
             " VALUES (:id, :localpart, :hash, :admin, :now) ON CONFLICT DO NOTHING",
             id, localpart, password_hash, admin, now) == 1;
}

bool name_taken(db::Tx& tx, std::string_view localpart) {
  return tx.one<int>("SELECT 1 FROM users WHERE localpart = :localpart", localpart).has_value();
}

void update_password(db::Tx& tx, UserId id, const std::optional<std::string>& hash) {
  tx.run("UPDATE users SET password_hash = :hash WHERE id = :id", hash, id);
}

void upgrade_password_hash(db::Tx& tx, UserId id, std::string_view old_hash,
                           std::string_view new_hash) {
  tx.run("UPDATE users SET password_hash = :new WHERE id = :id AND password_hash = :old", new_hash,
         id, old_hash);
}

void update_account_state(db::Tx& tx, const Account& account) {
  tx.run(
      "UPDATE users SET admin = :admin, locked_at = :locked, suspended_at = :suspended,"
      " deactivated_at = :deactivated WHERE id = :id",
      account.admin, account.locked_at, account.suspended_at, account.deactivated_at, account.id);
}

}  // namespace latchkey::accounts
