#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "platform/db/database.h"
#include "platform/db/sqlite_connection.h"
#include "simulation/doing.h"

namespace latchkey::simulation {

// A database without threads: what blocks its caller is done by the caller. at_once.cc has
// Database::read_now() and write_now() come here.
class WithoutThreads : public db::Database {
 public:
  virtual void at_once(bool write, db::Job job) = 0;

 protected:
  using Database::Database;
};

// What the nodes share: one SQLite database in memory, in which each write runs by itself, in the
// order of the schedule. A history is one transaction that is rolled back at its end; a write is a
// savepoint in it, and so is each state that a standby or a backup has: to go back to one is to
// lose what was committed after it.
class SharedDatabase {
 public:
  struct Change {
    enum class Table : std::uint8_t { sessions, users };
    Table table;
    std::int64_t id;
  };
  // Told of every commit, with what it changed, before anybody else learns of it.
  using Watch = std::function<void(db::Tx&, const Cause&, std::span<const Change>)>;
  // Told what a commit announces.
  using Carry = std::function<void(const std::vector<std::string>& payloads)>;

  // Makes the schema, once for all histories.
  SharedDatabase();

  void begin_history(Watch watch, Carry carry);
  void end_history();

  void read(db::Job job, Duration waited);
  // Returns what is to run once the writer knows that it is committed. `undone`: it has come to its
  // end before, and was undone, as when another write of the same commit fails.
  std::vector<std::function<void()>> write(db::Job job, Duration waited, const Cause& cause,
                                           bool undone = false);

  // Counted over the history, and never back.
  std::uint64_t commits() const { return commits_; }
  // Counts servers: a connection to an earlier one is lost.
  std::uint64_t generation() const { return generation_; }

  // --- states to go back to, the oldest first ---

  void keep_state();
  std::size_t states() const { return states_.size(); }
  // The number of the last commit that is in it.
  std::uint64_t commits_of(std::size_t state) const { return states_[state]; }
  // Everything after it is lost; the server is another one from now on.
  void go_back(std::size_t state);

 private:
  class Transaction;

  bool try_write(db::Job job, Transaction& tx);
  void undo();

  static void note_change(void* self, int what, const char* database, const char* table,
                          std::int64_t id);

  db::SqliteConnection connection_{":memory:", db::SqliteConnection::Mode::write};
  Watch watch_;
  Carry carry_;
  std::vector<Change> changes_;
  std::vector<std::uint64_t> states_;
  std::uint64_t commits_ = 0;
  std::uint64_t generation_ = 1;
};

}  // namespace latchkey::simulation
