#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "platform/db/database.h"
#include "platform/db/server_history.h"

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

struct ResultDeleter {
  void operator()(pg_result* result) const;
};
using PostgresResult = std::unique_ptr<pg_result, ResultDeleter>;

// A bare connection. Used by one thread at a time.
class PostgresSession {
 public:
  using Clock = std::chrono::steady_clock;

  // Throws Refused when libpq does not understand `url`, otherwise ConnectionLost with a sentence.
  // Neither ever holds the password. Of the URL's hosts one that takes writes and that `history`
  // admits.
  PostgresSession(const std::string& url, const Options& options, ServerHistory& history);
  ~PostgresSession();
  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;

  pg_conn* handle() const { return handle_; }
  int socket() const;
  Clock::time_point made_at() const { return made_at_; }
  // Which run of which server answered when the connection was made.
  const std::string& server_run() const { return server_run_; }

  // Whether something stands in between that may give each transaction to another connection of
  // the server (pgBouncer): nothing may then be kept in the server's session, neither settings nor
  // prepared statements.
  bool pooled() const { return pooled_; }
  // When pooled, the statement that has to follow each BEGIN: the settings, for the transaction
  // alone. Its result is for check_opening(), which throws ConnectionLost when another server
  // answers than at first: what it lacks has to be noted before anything is judged by it.
  const std::string& opening() const { return opening_; }
  void check_opening(const pg_result* result) const;

  // Frees what was notified here though nobody listens: a pooler hands on what the server says to
  // whoever has the connection.
  void drop_notifications();

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
  // Whether it is the error of a key that is taken.
  static bool key_taken(const pg_result* result);
  [[noreturn]] void fail_connection() const;
  // Whether what follows is meant to be read-only.
  void set_reading(bool reading) { reading_ = reading; }

 private:
  using Parameters = std::map<std::string, std::string>;

  // Connects, and learns who is there. On failure there is no connection.
  void open(const Parameters& parameters, ServerHistory& history);
  void learn_server(ServerHistory& history);
  ServerIdentity ask_identity();
  void set_up(const Options& options);
  void close();
  void note(const pg_result* notice);
  void wait(bool for_writing, Clock::time_point deadline) const;

  pg_conn* handle_ = nullptr;
  std::string server_run_;
  bool pooled_ = false;
  std::string opening_;
  bool standby_silent_ = false;
  Duration patience_;  // for one answer
  Clock::time_point made_at_;
  bool reading_ = false;
};

}  // namespace latchkey::db
