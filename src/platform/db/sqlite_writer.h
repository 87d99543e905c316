#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "platform/db/gathering.h"
#include "platform/db/operation.h"
#include "platform/db/sqlite_connection.h"

namespace latchkey::db {

class SqliteReaders;

// The one thread that writes to a SQLite database. It takes all operations that wait, and
// commits them together: one fsync for many callers (group commit). Where many come again and again
// it waits a moment for them to gather. When one of them fails, all are undone and run again, each
// in a savepoint.
class SqliteWriter {
 public:
  using Report = std::function<void(std::string_view sentence)>;

  // Throws what opening the file throws. `report` is told of commits that failed.
  SqliteWriter(const std::string& path, std::size_t queue, SqliteReaders& readers, Report report);
  ~SqliteWriter();  // as close()

  void submit(Operation operation);
  // Finishes what waits, then ends the thread; what comes later gets Unavailable.
  void close();

  // Adds to `stats` what this writer counted.
  void count(Stats& stats) const;

 private:
  // An operation of the batch at hand, and what came of it.
  struct Entry {
    explicit Entry(Operation op) : operation(std::move(op)) {}

    Operation operation;
    std::exception_ptr error;
    std::vector<std::function<void()>> after_commit;
  };
  using Batch = std::vector<Entry>;

  static constexpr std::size_t largest_batch = 256;
  static constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();  // it is at work

  using Clock = std::chrono::steady_clock;

  void run();
  Batch next_batch();
  std::size_t waiting() const;
  // Under the lock: until somebody waits, or as many as are worth it.
  void wait_for_more(std::unique_lock<std::mutex>& lock);
  void commit_batch(Batch& batch);
  // Without savepoints. False: one has failed, and nothing is done.
  bool commit_unguarded(Batch& batch);
  void commit();
  void run_entry(Entry& entry, bool alone);
  // What the operation does in the database. Throws what it throws.
  void run_job(const Operation& operation, SqliteTx& tx);
  // And what it does at last.
  void finish_job(Entry& entry, SqliteTx& tx);
  // One try. True: it met a key that it had made up, and is to be run again.
  bool try_entry(Entry& entry, bool alone);
  void finish(Batch& batch);
  void checkpoint();

  SqliteConnection connection_;
  SqliteReaders& readers_;
  const Report report_;
  const std::size_t limit_;

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Operation> waiting_;
  std::size_t wakes_ = nobody;  // how many have to wait for the thread to be woken
  bool closing_ = false;

  std::atomic<std::uint64_t> commits_{0};
  std::atomic<std::uint64_t> writes_{0};
  std::atomic<std::uint64_t> failures_{0};

  Gathering gathering_{largest_batch};  // the thread's
  int guarded_ = 0;                     // batches that are yet to go with savepoints
  int log_pages_ = 0;                   // of the write-ahead log, as of the last commit
  int checkpointed_pages_ = 0;          // as of the last checkpoint, while the log grows
  std::thread thread_;
};

}  // namespace latchkey::db
