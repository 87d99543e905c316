#include "outbound/ldap/slapd_testing.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace latchkey::outbound::ldap {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kStartDeadline{60};  // under sanitizers, on a busy machine

// With what people have in 389 Directory Server and in Active Directory besides.
constexpr std::string_view kSettings = R"(include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
moduleload memberof
moduleload argon2
attributetype ( 2.16.840.1.113730.3.1.610 NAME 'nsAccountLock' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.159 NAME 'accountExpires' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' EQUALITY octetStringMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.32473.1.1 NAME 'testAccount' SUP top AUXILIARY
  MAY ( nsAccountLock $ userAccountControl $ accountExpires $ objectGUID ) )
)";

constexpr std::string_view kDatabase = R"(database mdb
suffix dc=example,dc=org
rootdn cn=root,dc=example,dc=org
rootpw root
maxsize 16777216
dbnosync
index uid,entryUUID eq
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=latchkey,dc=example,dc=org" read
  by dn.exact="cn=blind,dc=example,dc=org" search by self read by * none
overlay ppolicy
ppolicy_default cn=policy,dc=example,dc=org
)";

constexpr std::string_view kSuffix = R"(dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: cn=policy,dc=example,dc=org
objectClass: device
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdMustChange: TRUE
pwdLockout: TRUE
pwdMaxFailure: 1000

dn: cn=latchkey,dc=example,dc=org
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: latchkey
userPassword: service

dn: cn=blind,dc=example,dc=org
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: blind
userPassword: service

)";

pid_t spawn(const std::vector<std::string>& command, const fs::path& log) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  const pid_t child = fork();
  if (child != 0) return child;
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

std::string contents(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool listening(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool there =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return there;
}

}  // namespace

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  const bool bound = bind(fd, plain, size) == 0 && getsockname(fd, plain, &size) == 0;
  close(fd);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

Slapd::Slapd(const std::string& ldif) : port_(free_port()), tls_port_(free_port()) {
  if (!fs::exists("/usr/sbin/slapd")) throw std::runtime_error("Debian's slapd is not installed");
  std::string name = fs::temp_directory_path() / "latchkey-slapd-XXXXXX";
  if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  folder_ = name;
  fs::create_directory(folder_ / "db");
  make_certificates();
  std::ofstream(folder_ / "slapd.conf")
      << kSettings << "pidfile " << (folder_ / "pid").string() << "\nTLSCACertificateFile "
      << ca_file() << "\nTLSCertificateFile " << (folder_ / "server.pem").string()
      << "\nTLSCertificateKeyFile " << (folder_ / "server.key").string()
      << "\nTLSVerifyClient never\n"
      << kDatabase << "directory " << (folder_ / "db").string() << '\n';
  std::ofstream(folder_ / "entries.ldif") << kSuffix << ldif;
  run({"/usr/sbin/slapadd", "-q", "-f", folder_ / "slapd.conf", "-l", folder_ / "entries.ldif"});
  start();
}

Slapd::~Slapd() {
  if (process_ > 0) stop();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string Slapd::ldapi() const {
  std::string url = "ldapi://";
  for (const char letter : (folder_ / "socket").string()) {
    url += letter == '/' ? std::string("%2F") : std::string(1, letter);
  }
  return url;
}

void Slapd::run(const std::vector<std::string>& command) const {
  const pid_t process = spawn(command, folder_ / "log");
  int status = 0;
  if (waitpid(process, &status, 0) != process || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error(command.front() + " failed: " + contents(folder_ / "log"));
  }
}

void Slapd::make_certificates() const {
  const auto file = [&](const char* name) { return (folder_ / name).string(); };
  const std::vector<std::string> key{"-newkey", "ec",     "-pkeyopt", "ec_paramgen_curve:P-256",
                                     "-nodes",  "-keyout"};
  const auto request = [&](const char* key_file, const std::vector<std::string>& rest) {
    std::vector<std::string> command{"openssl", "req"};
    command.insert(command.end(), key.begin(), key.end());
    command.push_back(file(key_file));
    command.insert(command.end(), rest.begin(), rest.end());
    run(command);
  };
  request("ca.key", {"-x509", "-days", "2", "-subj", "/CN=Test CA", "-out", file("ca.pem")});
  request("server.key", {"-subj", "/CN=directory", "-addext", "subjectAltName=IP:127.0.0.1", "-out",
                         file("server.csr")});
  run({"openssl", "x509", "-req", "-days", "2", "-in", file("server.csr"), "-CA", file("ca.pem"),
       "-CAkey", file("ca.key"), "-CAcreateserial", "-copy_extensions", "copy", "-out",
       file("server.pem")});
}

void Slapd::start() {
  process_ = spawn({"/usr/sbin/slapd", "-d", "0", "-f", folder_ / "slapd.conf", "-h",
                    ldap() + " " + ldaps() + " " + ldapi()},
                   folder_ / "log");
  const auto deadline = std::chrono::steady_clock::now() + kStartDeadline;
  while (!listening(port_) || !listening(tls_port_)) {
    if (waitpid(process_, nullptr, WNOHANG) != 0 || std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("slapd does not start: " + contents(folder_ / "log"));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
}

void Slapd::stop() {
  thaw();
  ::kill(process_, SIGTERM);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

void Slapd::freeze() { ::kill(process_, SIGSTOP); }

void Slapd::thaw() { ::kill(process_, SIGCONT); }

SilentPort::SilentPort(std::string says)
    : says_(std::move(says)),
      socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_in address = loopback(0);
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  if (bind(socket_, plain, size) != 0 || listen(socket_, 16) != 0 ||
      getsockname(socket_, plain, &size) != 0) {
    throw std::runtime_error("no port to be silent at");
  }
  port_ = ntohs(address.sin_port);
}

SilentPort::~SilentPort() {
  for (const int one : taken_) close(one);
  close(socket_);
}

int SilentPort::connections() {
  int count = 0;
  for (int one = -1; (one = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0; ++count) {
    taken_.push_back(one);
    if (!says_.empty()) (void)send(one, says_.data(), says_.size(), MSG_NOSIGNAL);
  }
  return count;
}

}  // namespace latchkey::outbound::ldap
