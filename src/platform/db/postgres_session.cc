#include "platform/db/postgres_session.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <ranges>
#include <utility>
#include <vector>

namespace latchkey::db {
namespace {

std::string seconds(Duration span) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(span).count());
}

using Parameters = std::map<std::string, std::string>;

// What the operator's URL says, and what it leaves open. libpq waits at least 2 s for a host.
Parameters parameters(const std::string& url, const Options& options) {
  Parameters all{
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

pg_conn* connect(const Parameters& all) {
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : all) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  return PQconnectdbParams(names.data(), values.data(), 0);
}

// The same for each host alone; nothing if there is only one.
std::vector<Parameters> each_host(const Parameters& all) {
  constexpr std::array<const char*, 3> lists{"host", "hostaddr", "port"};
  std::vector<Parameters> each;
  for (const char* list : lists) {
    const auto found = all.find(list);
    if (found == all.end()) continue;
    std::size_t i = 0;
    for (const auto part : std::views::split(std::string_view(found->second), ',')) {
      if (i == each.size()) each.push_back(each.empty() ? all : each.back());
      each[i++][list] = std::string(std::string_view(part));
    }
  }
  if (each.size() == 1) each.clear();
  return each;
}

// The run of a server: which one, with which database, since when, and whether it is a standby.
constexpr std::string_view which_run =
    "concat_ws(' ', extract(epoch FROM pg_postmaster_start_time()),"
    " (SELECT oid FROM pg_database WHERE datname = current_database()), pg_is_in_recovery())";

std::string text_of(const pg_result* result, int column) {
  return PQntuples(result) == 1 ? PQgetvalue(result, 0, column) : "";
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

PostgresSession::PostgresSession(const std::string& url, const Options& options,
                                 ServerHistory& history)
    : patience_(options.statement_timeout + options.connect_timeout) {
  const Parameters all = parameters(url, options);
  try {
    open(all, history);
  } catch (const ConnectionLost&) {
    // libpq takes the first host that takes writes, which a former primary does; and before 16 it
    // asks no further where a host accepts the connection and hangs up, as a proxy does for a
    // server that is gone.
    const std::vector<Parameters> hosts = each_host(all);
    const bool found = std::ranges::any_of(hosts, [&](const Parameters& host) {
      try {
        open(host, history);
        return true;
      } catch (const ConnectionLost&) {
        return false;
      }
    });
    if (!found) throw;
  }
  try {
    set_up(options);
  } catch (...) {
    close();
    throw;
  }
  made_at_ = Clock::now();
}

void PostgresSession::open(const Parameters& parameters, ServerHistory& history) {
  handle_ = connect(parameters);
  try {
    if (PQstatus(handle_) != CONNECTION_OK) fail_connection();
    PQsetnonblocking(handle_, 1);
    PQsetNoticeReceiver(
        handle_,
        [](void* self, const PGresult* notice) {
          static_cast<PostgresSession*>(self)->note(notice);
        },
        this);
    learn_server(history);
  } catch (...) {
    close();
    throw;
  }
}

void PostgresSession::close() { PQfinish(std::exchange(handle_, nullptr)); }

void PostgresSession::learn_server(ServerHistory& history) {
  const PostgresResult result = execute("SELECT pg_backend_pid(), " + std::string(which_run));
  server_run_ = text_of(result.get(), 1);
  // A pooler cannot tell its client a process that will change, so it makes one up.
  pooled_ = text_of(result.get(), 0) != std::to_string(PQbackendPID(handle_));
  if (history.admits(ask_identity())) return;
  throw ConnectionLost(
      "this database server is a former primary: this node has been on the one that was promoted "
      "in its place");
}

// Servers that are like PostgreSQL may not have these functions, and some do not let everybody use
// them: then it stays unknown.
ServerIdentity PostgresSession::ask_identity() {
  ServerIdentity identity{.run = server_run_, .system = {}, .timeline = {}};
  send(
      "SELECT (SELECT system_identifier FROM pg_control_system()),"
      " substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)");
  while (const PostgresResult result = receive()) {
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) continue;
    identity.system = text_of(result.get(), 0);
    identity.timeline = text_of(result.get(), 1);
  }
  return identity;
}

void PostgresSession::set_up(const Options& options) {
  const std::string statement_timeout = std::to_string(options.statement_timeout.count());
  const std::string idle_timeout = std::to_string(patience_.count());
  if (pooled_) {
    opening_ = "SELECT " + std::string(which_run) + ", set_config('statement_timeout', '" +
               statement_timeout + "', true), set_config('idle_in_transaction_session_timeout', '" +
               idle_timeout +
               "', true), CASE current_setting('synchronous_commit') WHEN 'off' THEN"
               " set_config('synchronous_commit', 'on', true) END";
    return;
  }
  execute("SET statement_timeout = " + statement_timeout +
          "; SET idle_in_transaction_session_timeout = " + idle_timeout +
          // What is acknowledged is durable, whatever the server's default.
          "; SELECT set_config('synchronous_commit', 'on', false)"
          " WHERE current_setting('synchronous_commit') = 'off'");
}

void PostgresSession::check_opening(const pg_result* result) const {
  if (text_of(result, 0) == server_run_) return;
  throw ConnectionLost("another database server answers than before");
}

void PostgresSession::drop_notifications() {
  while (PGnotify* stray = PQnotifies(handle_)) PQfreemem(stray);
}

// Most notices ("already exists, skipping") are for people at a terminal. But where somebody
// cancels a commit that waits for a synchronous standby (pg_cancel_backend, a failover tool, a
// shutdown), it succeeds with a warning: it is in the primary's files alone, and would be lost with
// them.
void PostgresSession::note(const pg_result* notice) {
  const char* function = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
  if (function && std::string_view(function) == "SyncRepWaitForLSN") standby_silent_ = true;
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
  if (std::exchange(standby_silent_, false)) {
    throw ConnectionLost("the database's synchronous standby has not confirmed a write in time");
  }
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
  // Resources, locks not to be had, statement_timeout, the server's disk, damaged files.
  if (one_of(state, {"53", "55P03", "57014", "58", "XX001", "XX002"})) throw Unavailable(sentence);
  throw Error(sentence);
}

bool PostgresSession::key_taken(const pg_result* result) {
  const char* field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return field != nullptr && std::string_view(field) == "23505";  // unique_violation
}

void PostgresSession::fail_connection() const {
  throw ConnectionLost("the connection to the database failed: " +
                       without_line_end(PQerrorMessage(handle_)));
}

}  // namespace latchkey::db
