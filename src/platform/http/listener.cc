#include "platform/http/listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace latchkey::http {
namespace {

namespace ip = boost::asio::ip;

constexpr std::string_view kUnixPrefix = "unix:";
constexpr int kBacklog = SOMAXCONN;

[[noreturn]] void fail(std::string_view address, std::string_view reason) {
  throw std::runtime_error("cannot listen on " + std::string(address) + ": " + std::string(reason));
}

[[noreturn]] void fail_with_errno(std::string_view address) {
  fail(address, std::generic_category().message(errno));
}

std::optional<ip::tcp::endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] =
      std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (error != std::errc{} || end != port_text.data() + port_text.size()) return std::nullopt;
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  boost::system::error_code bad;
  const auto address = ip::make_address(std::string(host), bad);
  if (bad || address.is_v6() != bracketed) return std::nullopt;
  return ip::tcp::endpoint(address, port);
}

// What was probably meant by an address that is none; absent: no idea.
std::optional<std::string> probable_address(std::string_view text) {
  if (text.starts_with('/')) return std::string(kUnixPrefix).append(text);
  if (const auto scheme = text.find("://"); scheme != text.npos) text = text.substr(scheme + 3);
  text = text.substr(0, text.find('/'));
  if (text.starts_with("localhost")) {
    return probable_address(std::string("127.0.0.1").append(text.substr(9)));
  }
  if (text.starts_with("*:")) text = text.substr(1);
  const bool port_alone = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
  for (const std::string& candidate :
       {std::string(text), std::string(text) + ":8008", '[' + std::string(text) + "]:8008",
        (port_alone ? "127.0.0.1:" : "0.0.0.0") + std::string(text)}) {
    if (parse_endpoint(candidate)) return candidate;
  }
  return std::nullopt;
}

FileDescriptor open_socket(int family, std::string_view address) {
  FileDescriptor fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) fail_with_errno(address);
  return fd;
}

void set_option(const FileDescriptor& fd, int option, std::string_view address) {
  const int on = 1;
  if (::setsockopt(fd.get(), SOL_SOCKET, option, &on, sizeof on) != 0) fail_with_errno(address);
}

FileDescriptor bind_tcp(const ip::tcp::endpoint& endpoint, bool shared, std::string_view address) {
  FileDescriptor fd = open_socket(endpoint.protocol().family(), address);
  set_option(fd, SO_REUSEADDR, address);
  if (shared) set_option(fd, SO_REUSEPORT, address);
  if (::bind(fd.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0) {
    fail_with_errno(address);
  }
  return fd;
}

Listener listen_tcp(ip::tcp::endpoint endpoint, std::size_t threads, std::string_view address) {
  // With SO_REUSEPORT a second server of the same user would silently share the port. A socket
  // without it is refused when somebody listens there, so one is tried first.
  bind_tcp(endpoint, false, address);
  Listener listener;
  for (std::size_t i = 0; i < threads; ++i) {
    FileDescriptor fd = bind_tcp(endpoint, true, address);
    if (::listen(fd.get(), kBacklog) != 0) fail_with_errno(address);
    if (endpoint.port() == 0) {
      auto size = static_cast<socklen_t>(endpoint.capacity());
      if (::getsockname(fd.get(), endpoint.data(), &size) != 0) fail_with_errno(address);
    }
    listener.sockets.push_back(std::move(fd));
  }
  listener.port = endpoint.port();
  return listener;
}

// Removes the file of a server that is gone; refuses to touch anything else.
void remove_stale(const sockaddr_un& name, std::string_view address) {
  struct stat status{};
  if (::lstat(name.sun_path, &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) fail(address, "there is a file of that name, not a socket");
  const FileDescriptor probe = open_socket(AF_UNIX, address);
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 ||
      errno == EAGAIN) {
    fail(address, "another process listens there");
  }
  if (errno != ECONNREFUSED) fail_with_errno(address);
  if (::unlink(name.sun_path) != 0) fail_with_errno(address);
}

Listener listen_unix(std::string_view path, unsigned mode, std::string_view address) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof name.sun_path) {
    fail(address, "the path must have 1 to " + std::to_string(sizeof name.sun_path - 1) + " bytes");
  }
  std::memcpy(name.sun_path, path.data(), path.size());
  remove_stale(name, address);
  FileDescriptor fd = open_socket(AF_UNIX, address);
  // The file is born with at most these rights (Linux takes them over at bind), so that there
  // is no moment at which it has more; chmod then undoes what the umask took.
  if (::fchmod(fd.get(), mode) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
      ::chmod(name.sun_path, mode) != 0 || ::listen(fd.get(), kBacklog) != 0) {
    fail_with_errno(address);
  }
  Listener listener;
  listener.sockets.push_back(std::move(fd));
  listener.unix_path = path;
  return listener;
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

int FileDescriptor::release() { return std::exchange(fd_, -1); }

std::optional<std::string> problem_of_address(std::string_view address) {
  if (address.starts_with(kUnixPrefix)) {
    const std::size_t size = address.size() - kUnixPrefix.size();
    const std::size_t most = sizeof sockaddr_un{}.sun_path - 1;
    if (size > 0 && size <= most) return std::nullopt;
    return "has a path of " + std::to_string(size) + " bytes, allowed are 1 to " +
           std::to_string(most);
  }
  if (parse_endpoint(address)) return std::nullopt;
  return "is not an address with a port, or unix: and a path; try '" +
         probable_address(address).value_or("127.0.0.1:8008") + "'";
}

LocalAddress local_address(std::string_view address) {
  if (address.starts_with(kUnixPrefix)) {
    return {.host_and_port = {}, .unix_path = std::string(address.substr(kUnixPrefix.size()))};
  }
  const auto endpoint = parse_endpoint(address);
  if (!endpoint || !endpoint->address().is_unspecified()) {
    return {.host_and_port = std::string(address)};
  }
  const std::string_view host = endpoint->address().is_v6() ? "[::1]:" : "127.0.0.1:";
  return {.host_and_port = std::string(host) + std::to_string(endpoint->port())};
}

Listener listen_at(std::string_view address, std::size_t threads, unsigned unix_mode) {
  if (address.starts_with(kUnixPrefix)) {
    return listen_unix(address.substr(kUnixPrefix.size()), unix_mode, address);
  }
  const auto endpoint = parse_endpoint(address);
  if (!endpoint) {
    fail(address, "write 127.0.0.1:8008, [::1]:8008 or unix:/path");
  }
  return listen_tcp(*endpoint, threads, address);
}

}  // namespace latchkey::http
