#pragma once

#include <memory>
#include <string>

#include "platform/db/database.h"

namespace latchkey::db {

// Opens or creates the file at `path`; see open().
std::unique_ptr<Database> open_sqlite(const std::string& path, const Options& options);

}  // namespace latchkey::db
