#pragma once

#include <optional>
#include <string_view>

#include "domain/accounts/user_rows.h"
#include "platform/db/database.h"
#include "platform/task.h"

namespace latchkey::accounts {

// The user of that localpart, by a transaction of one statement (platform/db/one_statement.h):
// what a sign-in begins with.
Task<std::optional<User>> find_user(db::Database& db, std::string_view localpart);

}  // namespace latchkey::accounts
