#include "platform/db/sqlite_connection.h"

#include <sqlite3.h>

#include <utility>

#include "platform/db/database.h"

namespace latchkey::db {
namespace {

// Failures that may pass without anybody changing the program: what is read-only or damaged can be
// mended while it runs, or is put back from a backup. Until then it is 503, and nobody is signed
// out.
bool passes(int code) {
  switch (code & 0xff) {
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CORRUPT:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
      return true;
    default:
      return false;
  }
}

bool key_taken(int code) {
  return code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_UNIQUE ||
         code == SQLITE_CONSTRAINT_ROWID;
}

Value column(sqlite3_stmt* statement, int i) {
  switch (sqlite3_column_type(statement, i)) {
    case SQLITE_INTEGER:
      return Value::of(std::int64_t{sqlite3_column_int64(statement, i)});
    case SQLITE_NULL:
      return {};
    case SQLITE_FLOAT:
      throw Error("a column holds a real number: " + std::string(sqlite3_sql(statement)));
    default: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
      return Value::of(std::string_view(text, size));
    }
  }
}

}  // namespace

SqliteStatement::SqliteStatement(SqliteConnection& connection, std::string_view sql)
    : connection_(connection), sql_(sql) {
  const char* rest = nullptr;
  const int code =
      sqlite3_prepare_v3(connection.handle(), sql_.c_str(), static_cast<int>(sql_.size() + 1),
                         SQLITE_PREPARE_PERSISTENT, &handle_, &rest);
  if (code != SQLITE_OK) connection.fail(code, sql_);
  if (!handle_ || std::string_view(rest).find_first_not_of(" \t\r\n;") != std::string_view::npos) {
    sqlite3_finalize(handle_);
    throw Error("not one statement: " + sql_);
  }
  parameters_ = sqlite3_bind_parameter_count(handle_);
  columns_ = sqlite3_column_count(handle_);
}

SqliteStatement::~SqliteStatement() { sqlite3_finalize(handle_); }

void SqliteStatement::bind(std::span<const Value> args) {
  if (running_) throw Error("run again while its rows are being read: " + sql_);
  if (std::cmp_not_equal(args.size(), parameters_)) {
    throw Error(std::to_string(args.size()) + " parameters given, " + std::to_string(parameters_) +
                " named: " + sql_);
  }
  running_ = true;
  for (int i = 0; i < parameters_; ++i) {
    const Value& arg = args[static_cast<std::size_t>(i)];
    // Static: the text outlives the run, and is bound anew before the next.
    const int code =
        arg.null ? sqlite3_bind_null(handle_, i + 1)
        : arg.kind == Value::Kind::integer
            ? sqlite3_bind_int64(handle_, i + 1, arg.integer)
            : sqlite3_bind_text64(handle_, i + 1, arg.text.empty() ? "" : arg.text.data(),
                                  arg.text.size(), SQLITE_STATIC, SQLITE_UTF8);
    if (code != SQLITE_OK) {
      done();
      connection_.fail(code, sql_);
    }
  }
}

bool SqliteStatement::next(std::span<Value> row) {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_DONE) return false;
  if (code != SQLITE_ROW) connection_.fail(code, sql_);
  if (row.empty()) return true;
  if (std::cmp_not_equal(row.size(), columns_)) {
    throw Error(std::to_string(columns_) + " columns instead of " + std::to_string(row.size()) +
                ": " + sql_);
  }
  for (int i = 0; i < columns_; ++i) row[static_cast<std::size_t>(i)] = column(handle_, i);
  return true;
}

std::int64_t SqliteStatement::affected() const {
  return sqlite3_stmt_readonly(handle_) ? 0 : sqlite3_changes64(connection_.handle());
}

void SqliteStatement::done() noexcept {
  sqlite3_reset(handle_);  // repeats the code of the last step, which was looked at
  running_ = false;
}

SqliteConnection::SqliteConnection(const std::string& path, Mode mode)
    : only_reads_(mode == Mode::read) {
  constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
  try {
    if (code != SQLITE_OK) fail(code, path);
    sqlite3_busy_timeout(handle_, 5'000);
    // Checkpoints are the writer's: it knows when the readers have let go of the log.
    script(
        "PRAGMA journal_mode = WAL;"
        "PRAGMA synchronous = FULL;"
        "PRAGMA foreign_keys = ON;"
        "PRAGMA wal_autocheckpoint = 0;"
        "PRAGMA journal_size_limit = 67108864;"
        "PRAGMA temp_store = MEMORY");
    map_file(true);
    if (mode == Mode::read) script("PRAGMA query_only = ON");
  } catch (...) {
    sqlite3_close_v2(handle_);
    throw;
  }
}

SqliteConnection::~SqliteConnection() {
  statements_.clear();
  sqlite3_close_v2(handle_);
}

Statement& SqliteConnection::start(std::string_view sql, std::span<const Value> args) {
  detail::check_texts(args, sql);
  SqliteStatement& statement =
      statements_.find(sql, [&] { return std::make_unique<SqliteStatement>(*this, sql); });
  statement.bind(args);
  return statement;
}

void SqliteConnection::run(std::string_view sql) {
  Statement& statement = start(sql, {});
  try {
    statement.next({});
  } catch (...) {
    statement.done();
    throw;
  }
  statement.done();
}

void SqliteConnection::script(std::string_view sql) {
  const std::string text(sql);
  const int code = sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code, sql);
}

void SqliteConnection::map_file(bool so) {
  script(so ? "PRAGMA mmap_size = 2147418112" : "PRAGMA mmap_size = 0");
}

void SqliteConnection::sync_commits(bool so) {
  if (so == syncs_commits_) return;
  script(so ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  syncs_commits_ = so;
}

bool SqliteConnection::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

void SqliteConnection::roll_back() noexcept {
  if (in_transaction()) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

void SqliteConnection::fail(int code, std::string_view sql) {
  std::string sentence = std::string(handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code)) +
                         ": " + std::string(sql);
  if ((code & 0xff) == SQLITE_CORRUPT) {
    sentence.insert(0,
                    "the database's file is damaged: stop the server and put the newest backup "
                    "back (latchkey restore). ");
  }
  // A read that writes is the program's mistake, not the file's state.
  const bool mistake = only_reads_ && code == SQLITE_READONLY;
  std::exception_ptr failure;
  if (passes(code) && !mistake) {
    failure = std::make_exception_ptr(Unavailable(sentence));
  } else if (keys_are_made_up_ && key_taken(code)) {
    failure = std::make_exception_ptr(Conflict(sentence));
  } else if ((code & 0xff) == SQLITE_NOTADB) {
    failure = std::make_exception_ptr(Refused(sentence));
  } else {
    failure = std::make_exception_ptr(Error(sentence));
  }
  if (!failure_) failure_ = failure;
  std::rethrow_exception(failure);
}

// There is no way to spare: it runs at once.
void SqliteTx::start_later(std::string_view sql, std::span<const Value> args, OnTakenKey taken) {
  struct MadeUp {
    MadeUp(SqliteConnection& of, bool so) : connection(of) { connection.keys_are_made_up(so); }
    ~MadeUp() { connection.keys_are_made_up(false); }
    SqliteConnection& connection;
  };
  const MadeUp made_up(connection_, taken == OnTakenKey::run_again);
  run_one(sql, args, [](Statement& statement) {
    while (statement.next({})) {
    }
  });
}

}  // namespace latchkey::db
