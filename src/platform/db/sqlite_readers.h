#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "platform/db/database.h"
#include "platform/db/sqlite_connection.h"

namespace latchkey::db {

// The reading connections of a SQLite database, one for each thread that reads, taken without a
// lock that threads would meet on.
//
// A reader keeps its snapshot from one call to the next as long as nothing was committed since:
// that halves the cost of a lookup. The writer says what was committed and ends the snapshots of
// readers that rest, since an old snapshot keeps the log from starting over.
class SqliteReaders {
 public:
  explicit SqliteReaders(std::string path) : path_(std::move(path)) {}

  // Runs `job` in a snapshot of everything that was announced before.
  void run(Job job);

  // By the writer, after each commit and checkpoint: snapshots taken before are out of date.
  void announce();

  // By the writer, before a checkpoint: waits a little for the readers at work, until no snapshot
  // is older than what was announced. One that takes longer lets the checkpoint copy less.
  void settle();

  // Runs since the start.
  std::uint64_t reads() const;

  // By the owner, once nobody reads.
  void close();

 private:
  using Clock = std::chrono::steady_clock;

  struct alignas(64) Reader {
    std::atomic<bool> busy{false};
    std::atomic<std::uint64_t> reads{0};
    bool in_snapshot = false;
    std::uint64_t version = 0;
    Clock::time_point since;
    std::unique_ptr<SqliteConnection> connection;
  };

  class Hold;

  // More than there are threads that read at a time; only those in use have a connection.
  static constexpr std::size_t count = 64;
  // So that changes made by others than the writer (an operator's sqlite3) are seen too.
  static constexpr std::chrono::milliseconds maximum_age{20};

  static constexpr std::chrono::milliseconds settling_time{10};

  static void end_snapshot(Reader& reader);

  const std::string path_;
  alignas(64) std::atomic<std::uint64_t> version_{0};
  std::array<Reader, count> readers_;
};

}  // namespace latchkey::db
