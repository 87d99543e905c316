#include "platform/http/client_testing.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace latchkey::http::testing {
namespace {

int patience() { return static_cast<int>(std::chrono::milliseconds(Client::kPatience).count()); }

void check(bool good, const std::string& what) {
  if (!good) throw std::runtime_error(what + ": " + std::strerror(errno));
}

Answer parse_head(std::string_view head) {
  Answer answer;
  answer.status = std::stoi(std::string(head.substr(9, 3)));
  auto line = head.find("\r\n") + 2;
  while (line < head.size() && head.substr(line, 2) != "\r\n") {
    const auto end = head.find("\r\n", line);
    const auto colon = head.find(": ", line);
    std::string name(head.substr(line, colon - line));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    answer.headers.emplace(std::move(name), head.substr(colon + 2, end - colon - 2));
    line = end + 2;
  }
  return answer;
}

}  // namespace

std::string Answer::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

Client Client::tcp(std::uint16_t port, const std::string& host) {
  const bool v6 = host.contains(':');
  sockaddr_storage address{};
  socklen_t size = 0;
  if (v6) {
    auto& v6_address = reinterpret_cast<sockaddr_in6&>(address);
    v6_address.sin6_family = AF_INET6;
    v6_address.sin6_port = htons(port);
    check(::inet_pton(AF_INET6, host.c_str(), &v6_address.sin6_addr) == 1, "address");
    size = sizeof v6_address;
  } else {
    auto& v4_address = reinterpret_cast<sockaddr_in&>(address);
    v4_address.sin_family = AF_INET;
    v4_address.sin_port = htons(port);
    check(::inet_pton(AF_INET, host.c_str(), &v4_address.sin_addr) == 1, "address");
    size = sizeof v4_address;
  }
  Client client(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(client.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  check(::connect(client.fd_, reinterpret_cast<sockaddr*>(&address), size) == 0, "connect");
  return client;
}

Client Client::unix_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  Client client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  check(::connect(client.fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
        "connect");
  return client;
}

Client::Client(Client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), buffered_(std::move(other.buffered_)) {}

Client::~Client() {
  if (fd_ >= 0) ::close(fd_);
}

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd writable{.fd = fd_, .events = POLLOUT, .revents = 0};
    if (::poll(&writable, 1, patience()) != 1) return false;
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::size_t Client::send_some(std::string_view bytes) {
  const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

Client::Got Client::receive() {
  pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
  if (::poll(&readable, 1, patience()) != 1) return Got::nothing;
  std::array<char, 16384> bytes;
  const auto size = ::recv(fd_, bytes.data(), bytes.size(), 0);
  if (size <= 0) return Got::end;
  buffered_.append(bytes.data(), static_cast<std::size_t>(size));
  return Got::bytes;
}

std::optional<Answer> Client::read(bool head) {
  std::size_t end = 0;
  while ((end = buffered_.find("\r\n\r\n")) == buffered_.npos) {
    if (receive() != Got::bytes) return std::nullopt;
  }
  Answer answer = parse_head(std::string_view(buffered_).substr(0, end + 4));
  buffered_.erase(0, end + 4);
  const std::string length = answer.header("content-length");
  if (head || length.empty()) return answer;
  answer.body = read_bytes(std::stoul(length));
  if (answer.body.size() != std::stoul(length)) return std::nullopt;
  return answer;
}

std::string Client::read_bytes(std::size_t count) {
  while (buffered_.size() < count && receive() == Got::bytes) {
  }
  std::string bytes = buffered_.substr(0, count);
  buffered_.erase(0, bytes.size());
  return bytes;
}

std::optional<std::string> Client::read_to_end() {
  Got got = Got::bytes;
  while (got == Got::bytes) got = receive();
  if (got == Got::nothing) return std::nullopt;
  return std::exchange(buffered_, {});
}

bool Client::closed() { return buffered_.empty() && receive() == Got::end; }

std::optional<Answer> Client::ask(std::string_view bytes) {
  send(bytes);
  return read();
}

void Client::shutdown_send() { ::shutdown(fd_, SHUT_WR); }

std::string get(std::string_view target, std::string_view more_headers) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a.example\r\n" +
         std::string(more_headers) + "\r\n";
}

std::string post(std::string_view target, std::string_view body, std::string_view content_type) {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: a.example\r\nContent-Type: " + std::string(content_type) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace latchkey::http::testing
