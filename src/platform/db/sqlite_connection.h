#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "platform/db/statement_cache.h"
#include "platform/db/tx.h"

struct sqlite3;
struct sqlite3_stmt;

namespace latchkey::db {

class SqliteConnection;

class SqliteStatement final : public Statement {
 public:
  SqliteStatement(SqliteConnection& connection, std::string_view sql);
  ~SqliteStatement();
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  std::string_view sql() const { return sql_; }
  void bind(std::span<const Value> args);

  bool next(std::span<Value> row) override;
  std::int64_t affected() const override;
  void done() noexcept override;

 private:
  SqliteConnection& connection_;
  std::string sql_;
  sqlite3_stmt* handle_ = nullptr;
  int parameters_ = 0;
  int columns_ = 0;
  bool running_ = false;
};

// One connection to one file. Used by one thread at a time.
class SqliteConnection {
 public:
  enum class Mode { read, write };

  // Throws Refused when `path` is no database, Unavailable when it cannot be opened.
  SqliteConnection(const std::string& path, Mode mode);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  Statement& start(std::string_view sql, std::span<const Value> args);

  // Runs a kept statement without parameters or rows.
  void run(std::string_view sql);
  // Whether a commit waits for the disk, as from the next transaction on. At first it does.
  void sync_commits(bool so);
  // Runs statements once.
  void script(std::string_view sql);

  // Whether the file is read through a mapping into memory, as it is from the start, or by calls.
  // Between transactions.
  void map_file(bool so);

  // Whether a transaction is open. Some failures end it: a full disk, an I/O error.
  bool in_transaction() const;
  void roll_back() noexcept;

  // What the first statement failed with since this was last asked; null: nothing failed.
  std::exception_ptr take_failure() { return std::exchange(failure_, nullptr); }

  // Throws Unavailable or Error for a result code of SQLite's, and keeps it as the failure.
  [[noreturn]] void fail(int code, std::string_view sql);

  // Whether a taken key is a Conflict instead of an Error.
  void keys_are_made_up(bool so) { keys_are_made_up_ = so; }

  sqlite3* handle() const { return handle_; }

 private:
  const bool only_reads_;
  sqlite3* handle_ = nullptr;
  StatementCache<SqliteStatement> statements_;
  std::exception_ptr failure_;
  bool keys_are_made_up_ = false;
  bool syncs_commits_ = true;
};

// A transaction on a SqliteConnection: the code that runs the job begins and ends it.
class SqliteTx final : public Tx {
 public:
  explicit SqliteTx(SqliteConnection& connection, Duration waited = Duration{0})
      : connection_(connection) {
    waited_ = waited;
  }

  void script(std::string_view sql) override { connection_.script(sql); }
  std::string_view for_update() const override { return ""; }
  std::string_view for_update_skip_locked() const override { return ""; }
  void notify(std::string_view) override {}

  using Tx::run_before_commit;
  using Tx::run_just_before_commit;
  std::vector<std::function<void()>> take_hooks() { return std::move(after_commit_); }

 protected:
  Statement& start(std::string_view sql, std::span<const Value> args) override {
    return connection_.start(sql, args);
  }
  void start_later(std::string_view sql, std::span<const Value> args, OnTakenKey taken) override;

 private:
  SqliteConnection& connection_;
};

}  // namespace latchkey::db
