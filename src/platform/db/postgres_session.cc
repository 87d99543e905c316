#include "platform/db/postgres_session.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <utility>
#include <vector>

namespace latchkey::db {
namespace {

std::string seconds(Duration span) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(span).count());
}

// What the operator's URL says, and what it leaves open. libpq waits at least 2 s for a host.
std::map<std::string, std::string> parameters(const std::string& url, const Options& options) {
  std::map<std::string, std::string> all{
      {"application_name", "latchkey"},
      {"client_encoding", "UTF8"},
      {"connect_timeout", seconds(options.connect_timeout)},
      {"keepalives_idle", seconds(options.connect_timeout)},
      {"keepalives_interval", "1"},
      {"keepalives_count", "3"},
      {"tcp_user_timeout", std::to_string(options.connect_timeout.count())},
      // A standby, or a primary that was demoted, is no server of ours.
      {"target_session_attrs", "read-write"},
  };
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
      PQconninfoParse(url.c_str(), nullptr), &PQconninfoFree);
  // libpq's own message would quote the URL, password and all.
  if (!parsed) throw Refused("the database's URL is not one that PostgreSQL understands");
  for (const PQconninfoOption* option = parsed.get(); option->keyword; ++option) {
    if (option->val) all[option->keyword] = option->val;
  }
  return all;
}

pg_conn* connect(const std::string& url, const Options& options) {
  std::vector<const char*> names;
  std::vector<const char*> values;
  const auto all = parameters(url, options);
  for (const auto& [name, value] : all) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  return PQconnectdbParams(names.data(), values.data(), 0);
}

std::string without_line_end(const char* message) {
  std::string text = message ? message : "";
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

bool one_of(std::string_view state, std::initializer_list<std::string_view> prefixes) {
  return std::ranges::any_of(prefixes, [&](auto prefix) { return state.starts_with(prefix); });
}

}  // namespace

void ResultDeleter::operator()(pg_result* result) const { PQclear(result); }

PostgresSession::PostgresSession(const std::string& url, const Options& options)
    : handle_(connect(url, options)),
      patience_(options.statement_timeout + options.connect_timeout) {
  try {
    if (PQstatus(handle_) != CONNECTION_OK) fail_connection();
    PQsetnonblocking(handle_, 1);
    // Notices ("already exists, skipping") are for people at a terminal.
    PQsetNoticeReceiver(handle_, [](void*, const PGresult*) {}, nullptr);
    execute("SET statement_timeout = " + std::to_string(options.statement_timeout.count()) +
            "; SET idle_in_transaction_session_timeout = " + std::to_string(patience_.count()) +
            // What is acknowledged is durable, whatever the server's default.
            "; SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') = 'off'");
  } catch (...) {
    PQfinish(handle_);
    throw;
  }
  made_at_ = Clock::now();
}

PostgresSession::~PostgresSession() { PQfinish(handle_); }

int PostgresSession::socket() const { return PQsocket(handle_); }

bool PostgresSession::alive() const {
  pollfd entry{socket(), POLLIN, 0};
  while (poll(&entry, 1, 0) > 0) {
    if (!PQconsumeInput(handle_)) return false;
  }
  return PQstatus(handle_) == CONNECTION_OK;
}

PostgresResult PostgresSession::execute(const std::string& sql) {
  send(sql);
  PostgresResult last;
  PostgresResult failed;
  while (PostgresResult result = receive()) {
    const ExecStatusType status = PQresultStatus(result.get());
    auto& kept = status == PGRES_FATAL_ERROR && !failed ? failed : last;
    kept = std::move(result);
  }
  if (failed) check(failed.get(), sql);
  return last;
}

PostgresResult PostgresSession::execute_patiently(const std::string& sql) {
  struct Restore {
    ~Restore() { patience = usual; }
    Duration& patience;
    const Duration usual;
  };
  const Restore restore{patience_, std::exchange(patience_, std::chrono::hours{24})};
  execute("SET LOCAL statement_timeout = 0");
  return execute(sql);
}

void PostgresSession::send(const std::string& sql) {
  if (!PQsendQuery(handle_, sql.c_str())) fail_connection();
  flush();
}

void PostgresSession::flush() {
  const auto deadline = Clock::now() + patience_;
  while (const int rest = PQflush(handle_)) {
    if (rest < 0) fail_connection();
    wait(true, deadline);
    if (!PQconsumeInput(handle_)) fail_connection();
  }
}

PostgresResult PostgresSession::receive() {
  const auto deadline = Clock::now() + patience_;
  while (PQisBusy(handle_)) {
    wait(false, deadline);
    if (!PQconsumeInput(handle_)) fail_connection();
  }
  PostgresResult result(PQgetResult(handle_));
  if (PQstatus(handle_) != CONNECTION_OK) fail_connection();
  return result;
}

void PostgresSession::wait(bool for_writing, Clock::time_point deadline) const {
  pollfd entry{socket(), static_cast<short>(for_writing ? POLLIN | POLLOUT : POLLIN), 0};
  for (;;) {
    const auto left = std::chrono::ceil<Duration>(deadline - Clock::now());
    const int ready = left > Duration{0} ? poll(&entry, 1, static_cast<int>(left.count())) : 0;
    if (ready > 0) return;
    if (ready == 0) throw ConnectionLost("the database does not answer");
    if (errno != EINTR) throw ConnectionLost("cannot wait for the database");
  }
}

void PostgresSession::check(const pg_result* result, std::string_view sql) const {
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return;
  const char* field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string_view state = field ? field : "";
  // The primary message alone: the detail would show the row's values.
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  std::string sentence = without_line_end(message ? message : PQresultErrorMessage(result));
  // And where a value is wrong, the primary message itself quotes it.
  if (state.starts_with("22")) sentence = "a value does not fit (" + std::string(state) + ")";
  if (!sql.empty()) sentence += ": " + std::string(sql);

  // A read that writes is the program's mistake, not the server's state.
  if (state == "25006" && reading_) throw Error(sentence);
  // Connection exceptions, shutdown and crash, a server that takes no writes.
  if (state.empty() || one_of(state, {"08", "57P", "25006", "25P03"}))
    throw ConnectionLost(sentence);
  if (one_of(state, {"40001", "40P01"})) throw Conflict(sentence);
  // Resources, locks not to be had, statement_timeout, the server's disk.
  if (one_of(state, {"53", "55P03", "57014", "58"})) throw Unavailable(sentence);
  throw Error(sentence);
}

void PostgresSession::fail_connection() const {
  throw ConnectionLost("the connection to the database failed: " +
                       without_line_end(PQerrorMessage(handle_)));
}

}  // namespace latchkey::db
