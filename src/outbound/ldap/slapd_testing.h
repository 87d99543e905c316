#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

// A private directory for tests.
namespace latchkey::outbound::ldap {

// Debian's slapd with the suffix dc=example,dc=org, in a temporary folder, on free ports of
// 127.0.0.1; gone with this object, or with the test program should that crash. Throws
// std::runtime_error with the server's log when it does not start.
//
// Who is not signed in may see nothing; cn=latchkey,dc=example,dc=org (password "service") reads
// all but passwords, people read themselves.
class Slapd {
 public:
  // With these entries below the suffix, as LDIF.
  explicit Slapd(const std::string& ldif);
  ~Slapd();
  Slapd(const Slapd&) = delete;
  Slapd& operator=(const Slapd&) = delete;

  void start();  // after stop(): on the same ports, with the same entries
  void stop();
  void freeze();  // it stands still, its sockets stay
  void thaw();

  std::string ldap() const { return "ldap://127.0.0.1:" + std::to_string(port_); }
  std::string ldaps() const { return "ldaps://127.0.0.1:" + std::to_string(tls_port_); }
  // By a name that its certificate does not have.
  std::string ldaps_elsewhere() const { return "ldaps://localhost:" + std::to_string(tls_port_); }
  std::string ldapi() const;
  std::string ca_file() const { return folder_ / "ca.pem"; }

 private:
  void make_certificates() const;
  void run(const std::vector<std::string>& command) const;

  std::filesystem::path folder_;
  int port_ = 0;
  int tls_port_ = 0;
  pid_t process_ = -1;
};

// A port of 127.0.0.1 at which connections are taken, and never more is said than these bytes.
class SilentPort {
 public:
  explicit SilentPort(std::string says = {});
  ~SilentPort();
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // How many connections were made and not counted before. Says its bytes to them.
  int connections();

 private:
  std::string says_;
  std::vector<int> taken_;
  int socket_ = -1;
  int port_ = 0;
};

// A port of 127.0.0.1 that nobody listens on.
int free_port();

}  // namespace latchkey::outbound::ldap
