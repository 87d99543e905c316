#include "platform/db/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "platform/db/database.h"

namespace latchkey::db {

FileLock::FileLock(const std::string& database) {
  const std::string path = database + ".lock";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) {
    throw Unavailable("cannot create " + path + ": " + std::system_category().message(errno));
  }
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
  const int reason = errno;
  ::close(fd_);
  if (reason == EWOULDBLOCK) {
    throw Locked(database +
                 " is in use by another Latchkey process; stop it first, or let it do "
                 "the work through its socket");
  }
  throw Unavailable("cannot lock " + path + ": " + std::system_category().message(reason));
}

FileLock::~FileLock() { ::close(fd_); }

}  // namespace latchkey::db
