#include "domain/ends/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "platform/db/database.h"

namespace latchkey::ends {
namespace {

namespace fs = std::filesystem;

std::string message(int error) { return std::system_category().message(error); }

// The name of a new file lasts only when its folder does.
bool sync_folder_of(const std::string& path) {
  const std::string folder = fs::absolute(path).parent_path();
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  return synced;
}

// Held while a write and what belongs to it are made.
class FileHeld {
 public:
  explicit FileHeld(int fd) : fd_(fd) {}
  ~FileHeld() { ::flock(fd_, LOCK_UN); }
  FileHeld(const FileHeld&) = delete;
  FileHeld& operator=(const FileHeld&) = delete;

 private:
  const int fd_;
};

}  // namespace

Journal::Journal(std::string path, std::uint64_t most_bytes,
                 std::function<void(std::string_view)> dropped)
    : path_(std::move(path)), most_bytes_(most_bytes), dropped_(std::move(dropped)) {
  try {
    open();
  } catch (const db::Unavailable& fault) {
    throw db::Refused(std::string("sessions.ends_journal: ") + fault.what());
  }
}

Journal::~Journal() { close(); }

void Journal::fail(const char* doing) const {
  const int error = errno;
  throw db::Unavailable(std::string("the journal of ends cannot be ") + doing + ": " + path_ +
                        ": " + message(error));
}

void Journal::open() {
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd_ < 0) fail("opened");
  if (!sync_folder_of(path_)) {
    close();
    fail("made durable");
  }
}

void Journal::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::uint64_t Journal::hold() {
  // Another process may put the file aside between the opening and the lock.
  for (;;) {
    if (fd_ < 0) open();
    if (::flock(fd_, LOCK_EX) != 0) fail("locked");
    struct stat mine{};
    struct stat named{};
    if (::fstat(fd_, &mine) != 0) fail("read");
    if (::stat(path_.c_str(), &named) == 0 && mine.st_ino == named.st_ino &&
        mine.st_dev == named.st_dev) {
      return static_cast<std::uint64_t>(mine.st_size);
    }
    close();
  }
}

void Journal::put_aside() {
  std::error_code fault;
  const auto numbered = [this](int number) { return path_ + "." + std::to_string(number); };
  if (fs::exists(numbered(kKept), fault)) {
    dropped_("the oldest file of the journal of ends is dropped: " + numbered(kKept));
  }
  for (int number = kKept; number > 1; --number) {
    if (fs::exists(numbered(number - 1), fault)) {
      fs::rename(numbered(number - 1), numbered(number), fault);
    }
  }
  fs::rename(path_, numbered(1), fault);
  if (fault) throw db::Unavailable("the journal of ends cannot be put aside: " + fault.message());
  close();
}

void Journal::write(std::string_view text, std::uint64_t size) {
  // What a machine that lost its power has left of a line is one by itself.
  std::string whole;
  char last = '\n';
  if (size > 0 && ::pread(fd_, &last, 1, static_cast<off_t>(size) - 1) == 1 && last != '\n') {
    whole = '\n';
  }
  whole += text;
  std::size_t done = 0;
  while (done < whole.size()) {
    const ssize_t written = ::write(fd_, whole.data() + done, whole.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int error = errno;
      // Nothing of it stays: it was not acknowledged.
      const int cut = ::ftruncate(fd_, static_cast<off_t>(size));
      errno = cut == 0 || error != 0 ? error : errno;
      fail("written");
    }
    done += static_cast<std::size_t>(written);
  }
  if (::fdatasync(fd_) != 0) fail("made durable");
}

void Journal::append(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text.append(line).append("\n");
  if (text.empty()) return;
  const std::scoped_lock lock(mutex_);
  std::uint64_t size = hold();
  if (size > 0 && size + text.size() > most_bytes_) {
    put_aside();
    size = hold();
  }
  const FileHeld held(fd_);
  write(text, size);
}

}  // namespace latchkey::ends
