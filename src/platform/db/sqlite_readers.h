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
    bool mapped = true;         // its connection reads through a mapping of the file
    std::uint64_t served = 0;   // runs since a commit was last seen
    std::uint64_t usually = 0;  // between two commits, by a moving average
    Clock::time_point since;
    std::unique_ptr<SqliteConnection> connection;
  };

  class Hold;

  // More than there are threads that read at a time; only those in use have a connection.
  static constexpr std::size_t count = 64;
  // So that changes made by others than the writer (an operator's sqlite3) are seen too.
  static constexpr std::chrono::milliseconds maximum_age{20};

  static constexpr std::chrono::milliseconds settling_time{10};

  // At the first snapshot after a commit SQLite gives its mapping of the file up and makes another,
  // which pays when many lookups follow: then it spares them the calls.
  static constexpr std::uint64_t few_for_a_mapping = 32;
  static constexpr std::uint64_t many_for_a_mapping = 64;

  static void begin_snapshot(Reader& reader, std::uint64_t version, Clock::time_point now);
  static void end_snapshot(Reader& reader);
  static void choose_mapping(Reader& reader, bool committed);

  const std::string path_;
  alignas(64) std::atomic<std::uint64_t> version_{0};
  std::array<Reader, count> readers_;
};

}  // namespace latchkey::db
