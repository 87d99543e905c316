#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "platform/db/file_lock.h"
#include "platform/db/tx.h"

// Another file in the place of a SQLite database. A database is three files: put beside an old
// `-wal`, a new file would be changed back by it, or be unreadable.
namespace latchkey::db {

// A whole copy of the SQLite file `from`, with the changes of a `-wal` beside it, as the new file
// `to`, durable. `from` is not changed. Throws Refused with a sentence when it is no sound SQLite
// database.
void copy_sqlite_file(const std::string& from, const std::string& to);

// Makes what was written to a file, and its name in the folder, durable. Throws Unavailable.
void sync_file(const std::string& path);

// A swap that was interrupted half-way: a database that is opened then is refused, with what to do.
std::optional<std::string> interrupted_swap(const std::string& path);

// The database at `path` is nobody else's for as long as this lives.
class SqliteSwap {
 public:
  // Throws Locked while a server or a command has the database.
  explicit SqliteSwap(const std::string& path);

  // Where the file is to be made that will take the place; nothing is there.
  std::string place() const;
  // What is in the place now. False: nothing. Throws what reading throws.
  bool read_old(const std::function<void(Tx&)>& fn) const;
  // Puts the file of place() there, entirely or not at all, even if the machine loses its power:
  // what was there moves to `<path>.<suffix>` first. Returns that path; absent: nothing was there.
  std::optional<std::string> swap(std::string_view suffix) const;

 private:
  const std::string path_;
  const FileLock lock_;
};

}  // namespace latchkey::db
