#pragma once

#include <string_view>

#include "platform/db/database.h"

namespace latchkey {

// A database belongs to one server name: with another, everybody's Matrix ID would be somebody
// else's. The first start with a database writes it down; from then on db::Refused is thrown, with
// what to do, for any other.
void claim_server_name(db::Database& db, std::string_view name);

}  // namespace latchkey
