#pragma once

#include <span>

#include "platform/db/migration.h"

namespace latchkey::schema {

// The *.sql files of this folder, in order, embedded at build time.
std::span<const db::Migration> migrations();

}  // namespace latchkey::schema
