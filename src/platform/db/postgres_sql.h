#pragma once

#include <string>
#include <string_view>

namespace latchkey::db {

// SQL with named parameters (":id") as PostgreSQL takes it ("$1"), numbered in the order in which
// the names first appear.
struct PostgresSql {
  std::string text;
  int parameters = 0;
};

PostgresSql number_parameters(std::string_view sql);

}  // namespace latchkey::db
