#include "platform/db/sqlite_swap.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>

#include "platform/db/database.h"
#include "platform/db/sqlite_connection.h"

namespace latchkey::db {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kParts{"", "-wal", "-shm"};

std::string message(int error) { return std::system_category().message(error); }

// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : fd_(::open(path.c_str(), flags, 0600)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int operator*() const { return fd_; }

 private:
  const int fd_;
};

std::string folder_of(const std::string& path) { return fs::absolute(path).parent_path(); }

void sync(const std::string& path, int flags) {
  const Descriptor file(path, flags | O_CLOEXEC);
  if (*file < 0 || ::fsync(*file) != 0) throw Unavailable(path + ": " + message(errno));
}

struct Close {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
using Handle = std::unique_ptr<sqlite3, Close>;

// As a URI, whose signs a path may hold too (sqlite.org/uri.html).
std::string uri(const std::string& path, std::string_view parameters) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text = "file:";
  for (const char c : fs::absolute(path).string()) {
    if (c == '%' || c == '?' || c == '#') {
      const auto byte = static_cast<unsigned char>(c);
      text.append({'%', digits[byte >> 4], digits[byte & 15]});
    } else {
      text += c;
    }
  }
  return text + "?" + std::string(parameters);
}

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw Refused(path + " is no SQLite database that could be put back: " + why);
}

Handle open(const std::string& path, const std::string& name, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags | SQLITE_OPEN_URI, nullptr);
  Handle owner(handle);
  if (code != SQLITE_OK) refuse(path, sqlite3_errstr(code));
  return owner;
}

// Its problems, as SQLite lists them; absent: it is sound.
std::optional<std::string> unsound(sqlite3* handle) {
  std::string found;
  char* fault = nullptr;
  const auto take = [](void* text, int columns, char** values, char**) {
    auto& all = *static_cast<std::string*>(text);
    if (columns > 0 && values[0] != nullptr) all.append(all.empty() ? "" : "; ").append(values[0]);
    return 0;
  };
  const int code = sqlite3_exec(handle, "PRAGMA integrity_check(3)", take, &found, &fault);
  std::string sentence = fault != nullptr ? fault : "";
  sqlite3_free(fault);
  if (code != SQLITE_OK) return sentence;
  return found == "ok" ? std::nullopt : std::optional(found);
}

}  // namespace

void sync_file(const std::string& path) {
  sync(path, O_RDWR);
  sync(folder_of(path), O_RDONLY | O_DIRECTORY);
}

void copy_sqlite_file(const std::string& from, const std::string& to) {
  if (!fs::is_regular_file(from)) throw Refused(from + ": there is no such file");
  // Without a log it needs none, and no writable folder either.
  const bool log = fs::exists(from + "-wal");
  const Handle source =
      open(from, uri(from, log ? "mode=ro" : "mode=ro&immutable=1"), SQLITE_OPEN_READONLY);
  if (const auto problem = unsound(source.get())) refuse(from, *problem);
  if (const Descriptor made(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC); *made < 0) {
    throw Refused(to + ": " + message(errno));
  }
  {
    const Handle target = open(to, uri(to, "mode=rw"), SQLITE_OPEN_READWRITE);
    sqlite3_backup* copy = sqlite3_backup_init(target.get(), "main", source.get(), "main");
    const int code =
        copy != nullptr ? sqlite3_backup_step(copy, -1) : sqlite3_errcode(target.get());
    sqlite3_backup_finish(copy);
    if (code != SQLITE_DONE) throw Unavailable(to + ": " + sqlite3_errstr(code));
  }
  sync_file(to);
}

std::optional<std::string> interrupted_swap(const std::string& path) {
  if (!fs::exists(path + ".restoring")) return std::nullopt;
  return "a restore of " + path +
         " was interrupted: run `latchkey restore` with the same backup again. What was there "
         "before is beside it, in files whose names hold before-restore";
}

SqliteSwap::SqliteSwap(const std::string& path) : path_(fs::weakly_canonical(path)), lock_(path_) {}

std::string SqliteSwap::place() const {
  const std::string place = path_ + ".restored";
  for (const std::string_view part : kParts) fs::remove(place + std::string(part));
  return place;
}

bool SqliteSwap::read_old(const std::function<void(Tx&)>& fn) const {
  if (!fs::exists(path_) || fs::file_size(path_) == 0) return false;
  SqliteConnection connection(path_, SqliteConnection::Mode::read);
  connection.run("BEGIN");
  SqliteTx tx(connection);
  fn(tx);
  connection.roll_back();
  return true;
}

std::optional<std::string> SqliteSwap::swap(std::string_view suffix) const {
  const std::string folder = folder_of(path_);
  const std::string marker = path_ + ".restoring";
  {
    const Descriptor made(marker, O_RDWR | O_CREAT | O_CLOEXEC);
  }
  sync_file(marker);
  const std::string aside = path_ + "." + std::string(suffix);
  bool moved = false;
  for (const std::string_view part : kParts) {
    const std::string file = path_ + std::string(part);
    if (!fs::exists(file)) continue;
    fs::rename(file, aside + std::string(part));
    moved = true;
  }
  fs::rename(path_ + ".restored", path_);
  sync(folder, O_RDONLY | O_DIRECTORY);
  fs::remove(marker);
  sync(folder, O_RDONLY | O_DIRECTORY);
  return moved ? std::optional(aside) : std::nullopt;
}

}  // namespace latchkey::db
