#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "platform/db/database.h"

struct pg_conn;
struct pg_result;

// libpq, with a deadline on every wait: a server that is gone or stopped fails an operation, it
// never hangs one.
namespace latchkey::db {

// The connection is gone, or its server does not take writes.
class ConnectionLost : public Unavailable {
 public:
  using Unavailable::Unavailable;
};

// The transaction met another one (a deadlock, a serialization failure): it may be run again.
class Conflict : public Unavailable {
 public:
  using Unavailable::Unavailable;
};

struct ResultDeleter {
  void operator()(pg_result* result) const;
};
using PostgresResult = std::unique_ptr<pg_result, ResultDeleter>;

// A bare connection. Used by one thread at a time.
class PostgresSession {
 public:
  using Clock = std::chrono::steady_clock;

  // Throws Refused when libpq does not understand `url`, otherwise ConnectionLost with a sentence.
  // Neither ever holds the password.
  PostgresSession(const std::string& url, const Options& options);
  ~PostgresSession();
  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;

  pg_conn* handle() const { return handle_; }
  int socket() const;
  Clock::time_point made_at() const { return made_at_; }

  // Whether the server's side is still there, as far as this side was told. Does not wait.
  bool alive() const;

  // Runs statements without parameters; the last one's result.
  PostgresResult execute(const std::string& sql);
  // The same without a limit of time: keepalives alone tell a working server from a lost one.
  PostgresResult execute_patiently(const std::string& sql);

  // The parts of that: send, and wait for the next result (null after the last of a statement).
  // They throw only when the connection is lost: a result may be an error, see check().
  void send(const std::string& sql);
  PostgresResult receive();
  // Sends what libpq still holds.
  void flush();

  // Throws what an error of the server means: ConnectionLost, Conflict, Unavailable or Error.
  void check(const pg_result* result, std::string_view sql) const;
  [[noreturn]] void fail_connection() const;
  // Whether what follows is meant to be read-only.
  void set_reading(bool reading) { reading_ = reading; }

 private:
  void wait(bool for_writing, Clock::time_point deadline) const;

  pg_conn* handle_ = nullptr;
  Duration patience_;  // for one answer
  Clock::time_point made_at_;
  bool reading_ = false;
};

}  // namespace latchkey::db
