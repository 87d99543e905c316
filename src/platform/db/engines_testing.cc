#include "platform/db/engines_testing.h"

#include <stdlib.h>

#include <stdexcept>

#include "platform/db/postgres_testing.h"

namespace latchkey::db {

TestDatabase::TestDatabase(Dialect dialect) {
  std::string name = std::filesystem::temp_directory_path() / "latchkey-db-XXXXXX";
  if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  folder_ = name;
  url_ = dialect == Dialect::sqlite ? "sqlite://" + file().string()
                                    : shared_postgres().create_database();
}

TestDatabase::~TestDatabase() {
  close();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Database& TestDatabase::operator*() {
  if (!open_) reopen();
  return *open_;
}

void TestDatabase::close() {
  if (open_) open_->close();
  open_.reset();
}

Database& TestDatabase::reopen(const Options& options) {
  close();
  open_ = open(url_, options);
  return *open_;
}

Options TestDatabase::small() {
  Options options;
  options.size = 3;
  return options;
}

}  // namespace latchkey::db
