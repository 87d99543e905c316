#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/accounts/threepid.h"
#include "domain/sessions/record.h"
#include "platform/db/tx.h"

// The SQL of users. No rule is decided here.
namespace latchkey::accounts {

using sessions::Account;
struct User {
  Account account;
  std::optional<std::string> password_hash;  // PHC string
  std::optional<Time> erased_at;             // with the deactivation or after it
};

std::optional<User> find_user(db::Tx& tx, std::string_view localpart);
// Whom an operator or an administrator names: "alice" or "@alice:server" to the letter; where there
// is nobody of that name, "Alice" is alice.
std::optional<User> find_user_named(db::Tx& tx, std::string_view name,
                                    std::string_view server_name);
std::optional<User> find_user_by_id(db::Tx& tx, UserId id);
// The same, locked until the transaction ends: see sessions::lock_account().
std::optional<User> lock_user(db::Tx& tx, UserId id);
std::optional<User> find_user_by_threepid(db::Tx& tx, const Threepid& threepid);

// False when the id or the name is taken.
bool insert_user(db::Tx& tx, UserId id, std::string_view localpart,
                 const std::optional<std::string>& password_hash, bool admin, Time now);
// Takes back what the same transaction has inserted; nothing may refer to it yet.
void delete_new_user(db::Tx& tx, UserId id);
bool name_taken(db::Tx& tx, std::string_view localpart);

// For the same password made anew; another one is account_changes.h's.
void update_password_hash(db::Tx& tx, UserId id, const std::optional<std::string>& hash);

// Empty: none.
std::string find_display_name(db::Tx& tx, UserId id);
void update_display_name(db::Tx& tx, UserId id, const std::optional<std::string>& name);

void update_erased(db::Tx& tx, UserId id, std::optional<Time> at);

// Writes admin, locked_at, suspended_at and deactivated_at.
void update_account_state(db::Tx& tx, const Account& account);

}  // namespace latchkey::accounts
