#pragma once

#include <string>

#include "platform/db/database.h"

// What a node of a cluster asks of its database, beside transactions. For other engines nothing
// happens.
namespace latchkey::db {

// Where listeners to come connect to instead: the address of the same database past a pooler.
void listen_at(Database& database, std::string url);

// Whether connections are lost and could not be made again yet.
bool is_away(const Database& database);

}  // namespace latchkey::db
