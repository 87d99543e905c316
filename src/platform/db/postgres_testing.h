#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

// A private PostgreSQL server for tests.
namespace latchkey::db {

// Lives in a temporary folder, on a free port of 127.0.0.1; gone with this object, or with the
// test program should that crash. Started as another user when the tests run as root, which
// PostgreSQL refuses. Throws std::runtime_error with the server's log when it does not start.
class PostgresServer {
 public:
  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  void start();   // after stop() or kill(): on the same port, with the same data
  void stop();    // an orderly shutdown that ends all connections
  void kill();    // at once, as in a crash
  void freeze();  // all its processes stand still, its sockets stay
  void thaw();

  // Ends its side of all connections to one of its databases, of the URL.
  void end_connections(const std::string& url) const;

  // Makes it refuse all writes, as a standby or a demoted primary does.
  void set_read_only(bool read_only);

  // A new empty database; returns its URL.
  std::string create_database();
  std::string url(const std::string& database = "postgres") const;
  // The same database by its host and port alone, for URLs of several hosts.
  std::string address() const;

  // Runs one statement as the administrator; returns the first column of the first row.
  std::string query(const std::string& sql) const;

 private:
  void signal_and_wait(int signal);

  std::filesystem::path folder_;
  int port_ = 0;
  pid_t process_ = -1;
  int databases_ = 0;
};

// One server for the whole test program, started when first asked for.
PostgresServer& shared_postgres();

}  // namespace latchkey::db
