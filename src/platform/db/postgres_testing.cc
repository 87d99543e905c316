#include "platform/db/postgres_testing.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

namespace latchkey::db {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds start_deadline{60};  // under sanitizers, on a busy machine

// The newest server installed as Debian does it.
fs::path programs() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql")) {
    if (fs::exists(entry.path() / "bin/postgres")) found.push_back(entry.path() / "bin");
  }
  if (found.empty()) throw std::runtime_error("no PostgreSQL server is installed");
  return *std::ranges::max_element(found);
}

// Whom the server runs as; null: this user.
const passwd* server_user() {
  if (geteuid() != 0) return nullptr;
  const passwd* user = getpwnam("postgres");
  return user ? user : getpwnam("nobody");
}

// Starts a program as server_user(), its output in `log`, in a process group of its own. It is
// killed with this thread.
pid_t spawn(const std::vector<std::string>& command, const fs::path& log) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  const passwd* user = server_user();
  const pid_t child = fork();
  if (child != 0) return child;
  setpgid(0, 0);
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  if (user &&
      (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) {
    _exit(126);
  }
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  execv(arguments[0], arguments.data());
  _exit(127);
}

bool ended_well(pid_t process) {
  int status = 0;
  return waitpid(process, &status, 0) == process && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// A port that nobody listens on, below those that the kernel gives to outgoing connections: it must
// still be free when the server is started again.
int free_port() {
  std::random_device random;
  for (;;) {
    const int port = std::uniform_int_distribution(20'000, 32'000)(random);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    close(fd);
    if (free) return port;
  }
}

std::string contents(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

PostgresServer::PostgresServer() : port_(free_port()) {
  std::string name = fs::temp_directory_path() / "latchkey-postgres-XXXXXX";
  if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  folder_ = name;
  if (const passwd* user = server_user()) {
    if (chown(name.c_str(), user->pw_uid, user->pw_gid) != 0) {
      throw std::runtime_error("cannot give away the temporary folder");
    }
  }
  const fs::path log = folder_ / "log";
  const pid_t initdb =
      spawn({programs() / "initdb", "--pgdata", folder_ / "data", "--no-sync", "--auth", "trust",
             "--username", "latchkey", "--encoding", "UTF8", "--no-locale", "--no-instructions"},
            log);
  if (!ended_well(initdb)) throw std::runtime_error("initdb failed: " + contents(log));
  start();
}

PostgresServer::~PostgresServer() {
  if (process_ > 0) kill();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void PostgresServer::start() {
  const fs::path log = folder_ / "log";
  process_ = spawn(
      {programs() / "postgres", "-D", folder_ / "data", "-k", folder_, "-p", std::to_string(port_),
       "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "full_page_writes=off", "-c",
       "max_connections=300", "-c", "shared_buffers=32MB", "-c", "autovacuum=off"},
      log);
  const auto deadline = std::chrono::steady_clock::now() + start_deadline;
  while (PQping(url().c_str()) != PQPING_OK) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("PostgreSQL does not start: " + contents(log));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
}

void PostgresServer::stop() { signal_and_wait(SIGINT); }

void PostgresServer::kill() { signal_and_wait(SIGQUIT); }

void PostgresServer::signal_and_wait(int signal) {
  thaw();
  ::kill(process_, signal);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

// Every server process has a process group of its own, so a group is not enough.
void PostgresServer::freeze() {
  const std::string children =
      "/proc/" + std::to_string(process_) + "/task/" + std::to_string(process_) + "/children";
  ::kill(process_, SIGSTOP);
  std::ifstream list(children);
  for (pid_t child = 0; list >> child;) ::kill(child, SIGSTOP);
}

void PostgresServer::thaw() {
  const std::string children =
      "/proc/" + std::to_string(process_) + "/task/" + std::to_string(process_) + "/children";
  std::ifstream list(children);
  for (pid_t child = 0; list >> child;) ::kill(child, SIGCONT);
  ::kill(process_, SIGCONT);
}

void PostgresServer::set_read_only(bool read_only) {
  query(std::string("ALTER SYSTEM SET default_transaction_read_only = ") +
        (read_only ? "on" : "off"));
  query("SELECT pg_reload_conf()");
}

void PostgresServer::end_connections(const std::string& url) const {
  const std::string database = url.substr(url.rfind('/') + 1);
  query("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '" +
        database + "'");
}

std::string PostgresServer::create_database() {
  const std::string name = "test_" + std::to_string(++databases_);
  query("CREATE DATABASE " + name + " TEMPLATE template0");
  return url(name);
}

std::string PostgresServer::url(const std::string& database) const {
  return "postgresql://latchkey@" + address() + "/" + database;
}

std::string PostgresServer::address() const { return "127.0.0.1:" + std::to_string(port_); }

std::string PostgresServer::query(const std::string& sql) const {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(url().c_str()),
                                                                &PQfinish);
  PQclear(PQexec(connection.get(), "SET default_transaction_read_only = off"));
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()),
                                                             &PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    throw std::runtime_error(PQerrorMessage(connection.get()));
  }
  if (PQntuples(result.get()) == 0) return {};
  return PQgetvalue(result.get(), 0, 0);
}

PostgresServer& shared_postgres() {
  static PostgresServer server;
  return server;
}

}  // namespace latchkey::db
