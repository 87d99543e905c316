#pragma once

#include <string>
#include <utility>

namespace latchkey::db {

// The sole use of a SQLite file: a lock on `<file>.lock`, held by the process and gone with it.
// The file stays, so that two processes never lock two files of one name.
class FileLock {
 public:
  // Throws Locked when another process (or this one) holds it, Unavailable when the lock's file
  // cannot be made.
  explicit FileLock(const std::string& database);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int fd_;
};

}  // namespace latchkey::db
