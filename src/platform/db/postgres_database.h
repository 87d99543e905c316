#pragma once

#include <memory>
#include <string>

#include "platform/db/database.h"

namespace latchkey::db {

// Connects to the server that libpq's `url` names; see open().
std::unique_ptr<Database> open_postgres(const std::string& url, const Options& options);

}  // namespace latchkey::db
