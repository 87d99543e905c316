#include "domain/backup/backup.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "domain/schema/schema.h"
#include "platform/crypto/random.h"
#include "platform/db/copy.h"
#include "platform/db/migration.h"
#include "platform/db/sqlite_swap.h"

namespace latchkey::backup {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";

// Under a name of its own until it is whole. Gone with this object, if it never is.
class Unfinished {
 public:
  explicit Unfinished(const std::string& path)
      : path_(path), file_(path + ".part-" + crypto::random_text(kLetters, 8)) {}
  ~Unfinished() {
    std::error_code ignored;
    for (const char* part : {"", "-wal", "-shm", ".lock"}) fs::remove(file_ + part, ignored);
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;

  const std::string& file() const { return file_; }

  // Gives it its name, which nobody may have taken meanwhile.
  void finish() {
    db::sync_file(file_);
    int failed = ::renameat2(AT_FDCWD, file_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE);
    if (failed != 0 && (errno == EINVAL || errno == ENOSYS) && !fs::exists(path_)) {
      failed = ::rename(file_.c_str(), path_.c_str());  // a file system that knows no such flag
    }
    if (failed != 0) throw db::Refused(path_ + ": " + std::system_category().message(errno));
    db::sync_file(path_);
  }

 private:
  const std::string path_;
  const std::string file_;
};

void copy_postgres(db::Database& database, const std::string& file) {
  const auto copy = db::open("sqlite://" + fs::absolute(file).string());
  db::migrate(*copy, schema::migrations());
  db::copy_to_sqlite(database, *copy);
}

}  // namespace

void make_backup(db::Database& database, const std::string& path) {
  if (fs::exists(path)) {
    throw db::Refused(path +
                      " is there already, and might be the last good backup: name a new file");
  }
  Unfinished copy(path);
  if (database.dialect() == db::Dialect::sqlite) {
    database.backup(copy.file());
  } else {
    copy_postgres(database, copy.file());
  }
  copy.finish();
}

}  // namespace latchkey::backup
