#include "platform/db/sqlite_database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <mutex>
#include <system_error>

#include "platform/db/file_lock.h"
#include "platform/db/sqlite_readers.h"
#include "platform/db/sqlite_swap.h"
#include "platform/db/sqlite_writer.h"

namespace latchkey::db {
namespace {

// One node: what is committed is heard at once.
class Alone final : public Listener {
 public:
  Clock::time_point last_heard() const override { return Clock::time_point::max(); }
  void catch_up() override {}
};

// Owns the descriptor of a file that must not be there yet.
class NewFile {
 public:
  explicit NewFile(std::string path)
      : path_(std::move(path)),
        fd_(::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {
    if (fd_ < 0) throw Refused(path_ + ": " + std::system_category().message(errno));
  }
  ~NewFile() {
    ::close(fd_);
    if (!kept_) ::unlink(path_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  // Makes the file and its name durable.
  void keep() {
    const std::string folder = std::filesystem::absolute(path_).parent_path();
    const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = ::fsync(fd_) == 0 && directory >= 0 && ::fsync(directory) == 0;
    const int reason = errno;
    if (directory >= 0) ::close(directory);
    if (!synced) throw Unavailable(path_ + ": " + std::system_category().message(reason));
    kept_ = true;
  }

 private:
  const std::string path_;
  const int fd_;
  bool kept_ = false;
};

// The file's own path, symbolic links resolved, so that it has one lock; created if need be.
std::string prepare_file(const std::string& path) {
  if (const auto sentence = interrupted_swap(std::filesystem::weakly_canonical(path))) {
    throw Refused(*sentence);
  }
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    throw Refused("cannot open the database " + path + ": " +
                  std::system_category().message(errno));
  }
  ::close(fd);
  return std::filesystem::canonical(path);
}

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(const std::string& path, const Options& options)
      : Database(Dialect::sqlite),
        path_(prepare_file(path)),
        lock_(path_),
        readers_(path_),
        writer_(path_, options.queue, readers_,
                [this](std::string_view sentence) { report(sentence); }) {
    const auto mode = read_now([](Tx& tx) { return tx.one<std::string>("PRAGMA journal_mode"); });
    if (!mode || std::get<0>(*mode) != "wal") {
      throw Refused(path_ + ": its file system has no shared memory, which SQLite's log needs");
    }
  }
  ~SqliteDatabase() override {
    shut();
    readers_.close();  // so that the writer is the last to close, and empties the log
  }

  Stats stats() const override {
    Stats stats;
    stats.reads = readers_.reads();
    writer_.count(stats);
    return stats;
  }

  void on_reconnect(std::function<void(Tx&)>) override {}
  std::unique_ptr<Listener> listen(ListenerHooks) override { return std::make_unique<Alone>(); }

  void backup(const std::string& path) override {
    NewFile file(path);
    SqliteConnection connection(path_, SqliteConnection::Mode::write);
    SqliteTx tx(connection);
    tx.run("VACUUM INTO :path", path);
    file.keep();
  }

  void close() override { shut(); }

 protected:
  void read_blocking(Job job) override {
    if (closed_.load(std::memory_order_relaxed)) {
      throw Unavailable("the database is being closed");
    }
    readers_.run(job);
  }

  void submit(Access access, Job job, Completion done) override {
    if (access != Access::read) {
      Operation operation(job, std::move(done));
      operation.synced = access == Access::write;
      return writer_.submit(std::move(operation));
    }
    try {
      read_blocking(job);
    } catch (...) {
      return done(std::current_exception());
    }
    done(nullptr);
  }

  void submit_one(Access access, OneStatement& statement, Completion done) override {
    if (access == Access::read) return submit(access, Job(statement), std::move(done));
    writer_.submit(Operation(statement, std::move(done)));
  }

 private:
  void shut() {
    closed_ = true;
    writer_.close();
  }

  const std::string path_;
  const FileLock lock_;
  SqliteReaders readers_;
  SqliteWriter writer_;
  std::atomic<bool> closed_{false};
};

}  // namespace

std::unique_ptr<Database> open_sqlite(const std::string& path, const Options& options) {
  // Before SQLite's first use in the process: its memory statistics take a lock that all
  // threads would meet on. Later calls have no effect.
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  return std::make_unique<SqliteDatabase>(path, options);
}

}  // namespace latchkey::db
