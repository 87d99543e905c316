#include "platform/http_client/http_client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "platform/error_testing.h"

namespace latchkey::http_client {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Accepts one connection, reads a request up to the end of its body and answers with these bytes.
// Then it closes, or goes on as the test says.
class OneAnswer {
 public:
  enum class Then { close, keep_open, never_end };

  explicit OneAnswer(std::string answer, Then then = Then::close)
      : answer_(std::move(answer)), then_(then) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    if (bind(listening_, plain, size) != 0 || listen(listening_, 4) != 0 ||
        getsockname(listening_, plain, &size) != 0) {
      throw std::runtime_error("no port to listen on");
    }
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/back?x=1";
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }
  ~OneAnswer() {
    thread_.request_stop();
    thread_.join();
    close(listening_);
  }
  OneAnswer(const OneAnswer&) = delete;
  OneAnswer& operator=(const OneAnswer&) = delete;

  const std::string& url() const { return url_; }
  const std::string& request() {
    thread_.join();
    thread_ = std::jthread([] {});
    return request_;
  }

 private:
  static bool readable(int socket, const std::stop_token& stop) {
    pollfd one{.fd = socket, .events = POLLIN, .revents = 0};
    while (!stop.stop_requested()) {
      if (poll(&one, 1, 10) > 0) return true;
    }
    return false;
  }

  void serve(const std::stop_token& stop) {
    if (!readable(listening_, stop)) return;
    const int socket = accept(listening_, nullptr, nullptr);
    while (!request_.ends_with("body") && readable(socket, stop)) {
      std::array<char, 4096> buffer{};
      const ssize_t got = recv(socket, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      request_.append(buffer.data(), static_cast<std::size_t>(got));
      if (!request_.starts_with("POST")) break;  // TLS
    }
    const auto send_all = [&] {
      return answer_.empty() || ::send(socket, answer_.data(), answer_.size(), MSG_NOSIGNAL) > 0;
    };
    bool alive = send_all();
    while (then_ != Then::close && alive && !stop.stop_requested()) {
      if (then_ == Then::never_end) alive = send_all();
      std::array<char, 1> end{};
      if (recv(socket, end.data(), end.size(), MSG_DONTWAIT) == 0) break;  // the client has gone
      if (then_ == Then::keep_open) std::this_thread::sleep_for(5ms);
    }
    close(socket);
  }

  const std::string answer_;
  const Then then_;
  const int listening_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string url_;
  std::string request_;
  std::jthread thread_;
};

// Answers every request, on any number of connections that it never ends by itself.
class Neighbour {
 public:
  Neighbour() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    if (bind(listening_, plain, size) != 0 || listen(listening_, 4) != 0 ||
        getsockname(listening_, plain, &size) != 0) {
      throw std::runtime_error("no port to listen on");
    }
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }
  ~Neighbour() { end(); }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;

  const std::string& url() const { return url_; }
  struct Seen {
    int connections = 0;
    std::vector<std::string> requests = {};
  };
  // It answers nobody after this.
  const Seen& end() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
    return seen_;
  }

 private:
  static bool complete(const std::string& request) {
    const auto end = request.find("\r\n\r\n");
    return end != request.npos && (!request.starts_with("POST") || request.ends_with("body"));
  }

  void serve(const std::stop_token& stop) {
    constexpr std::string_view kAnswer =
        "HTTP/1.1 200 OK\r\nDate: Fri, 15 Jan 2027 08:00:00 GMT\r\nContent-Length: 2\r\n\r\nok";
    std::vector<pollfd> sockets{{.fd = listening_, .events = POLLIN, .revents = 0}};
    std::vector<std::string> read{""};
    while (!stop.stop_requested()) {
      if (poll(sockets.data(), sockets.size(), 10) <= 0) continue;
      for (std::size_t i = 1; i < sockets.size(); ++i) {
        if (sockets[i].revents == 0) continue;
        std::array<char, 4096> buffer{};
        const ssize_t got = recv(sockets[i].fd, buffer.data(), buffer.size(), 0);
        if (got <= 0) {
          close(sockets[i].fd);
          sockets[i].fd = -1;  // poll passes over it
          continue;
        }
        read[i].append(buffer.data(), static_cast<std::size_t>(got));
        if (!complete(read[i])) continue;
        seen_.requests.push_back(std::exchange(read[i], ""));
        ::send(sockets[i].fd, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
      }
      if (sockets[0].revents != 0) {
        sockets.push_back(
            {.fd = accept(listening_, nullptr, nullptr), .events = POLLIN, .revents = 0});
        read.emplace_back();
        ++seen_.connections;
      }
    }
    for (const pollfd& one : sockets) close(one.fd);
  }

  const int listening_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string url_;
  Seen seen_;
  std::jthread thread_;
};

// http_proxy of the environment, for as long as this lives.
class ProxyOfEnvironment {
 public:
  explicit ProxyOfEnvironment(const std::string& url) {
    ::unsetenv("no_proxy");
    ::unsetenv("NO_PROXY");
    ::setenv("http_proxy", url.c_str(), 1);
  }
  ~ProxyOfEnvironment() { ::unsetenv("http_proxy"); }
  ProxyOfEnvironment(const ProxyOfEnvironment&) = delete;
  ProxyOfEnvironment& operator=(const ProxyOfEnvironment&) = delete;
};

Request to(const std::string& url) {
  return {.url = url,
          .content_type = "text/plain",
          .body = "the body",
          .most_bytes = 8,
          .deadline = steady_clock::now() + 60s};
}

TEST(HttpClient, PostsAndReads) {
  OneAnswer server("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nlate");
  const auto answer = send(to(server.url())).value();
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.body, "late");
  EXPECT_EQ(answer.retry_after, 7s);
  EXPECT_THAT(server.request(), HasSubstr("POST /back?x=1 HTTP/1.1\r\n"));
  EXPECT_THAT(server.request(), HasSubstr("\r\nContent-Type: text/plain\r\n"));
  EXPECT_THAT(server.request(), HasSubstr("\r\nContent-Length: 8\r\n"));
  EXPECT_THAT(server.request(), HasSubstr("\r\n\r\nthe body"));
}

TEST(HttpClient, GetsWithAuthorizationAndReadsTheDate) {
  Neighbour server;
  const auto answer = send({.method = "GET",
                            .url = server.url() + "/x",
                            .authorization = "Bearer token",
                            .most_bytes = 8,
                            .deadline = steady_clock::now() + 60s})
                          .value();
  EXPECT_EQ(answer.body, "ok");
  EXPECT_EQ(answer.date, from_millis(1'800'000'000'000));
  const auto& seen = server.end();
  ASSERT_EQ(seen.requests.size(), 1U);
  EXPECT_THAT(seen.requests[0], StartsWith("GET /x HTTP/1.1\r\n"));
  EXPECT_THAT(seen.requests[0], HasSubstr("\r\nAuthorization: Bearer token\r\n"));
  EXPECT_THAT(seen.requests[0], Not(HasSubstr("Content-")));
  EXPECT_THAT(seen.requests[0], EndsWith("\r\n\r\n"));

  OneAnswer timeless("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_FALSE(send(to(timeless.url())).value().date);
  OneAnswer odd("HTTP/1.1 200 OK\r\nDate: today\r\nContent-Length: 0\r\n\r\n");
  EXPECT_FALSE(send(to(odd.url())).value().date);
}

TEST(HttpClient, KeepsTheConnectionOfANeighbourAlone) {
  Neighbour near;
  Neighbour far;
  for (int i = 0; i < 3; ++i) {
    Request request = to(near.url());
    request.neighbour = true;
    EXPECT_EQ(send(request).value().status, 200);
    EXPECT_EQ(send(to(far.url())).value().status, 200);
  }
  EXPECT_EQ(near.end().connections, 1);
  EXPECT_EQ(near.end().requests.size(), 3U);
  EXPECT_EQ(far.end().connections, 3);
}

TEST(HttpClient, LeavesNothingOfARequestToTheNext) {
  Neighbour server;
  Request first = to(server.url() + "/first");
  first.neighbour = true;
  first.authorization = "Bearer secret";
  EXPECT_EQ(send(first).value().status, 200);
  const Request second{
      .method = "GET", .url = server.url() + "/second", .most_bytes = 1, .neighbour = true};
  EXPECT_EQ(send(second).value().body, "o");
  const auto& seen = server.end();
  ASSERT_EQ(seen.requests.size(), 2U);
  EXPECT_THAT(seen.requests[0], HasSubstr("Bearer secret"));
  EXPECT_THAT(seen.requests[1], StartsWith("GET /second HTTP/1.1\r\n"));
  EXPECT_THAT(seen.requests[1], Not(HasSubstr("Authorization")));
  EXPECT_THAT(seen.requests[1], Not(HasSubstr("Content-")));
  EXPECT_THAT(seen.requests[1], EndsWith("\r\n\r\n"));

  // A socket that was connected to is not asked again, either.
  Request by_socket = first;
  by_socket.unix_socket = "/nonexistent/socket";
  EXPECT_EQ(error_of(send(by_socket)).kind, Failure::Kind::not_connected);
  OneAnswer other("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  Request last = to(other.url());
  last.neighbour = true;
  EXPECT_EQ(send(last).value().status, 200);
}

TEST(HttpClient, GoesToANeighbourThroughNoProxyOfTheEnvironment) {
  Neighbour proxy;
  const ProxyOfEnvironment environment(proxy.url());
  Request request = to("http://127.0.0.1:1/near");
  request.neighbour = true;
  EXPECT_EQ(error_of(send(request)).kind, Failure::Kind::not_connected);
  EXPECT_EQ(send(to("http://127.0.0.1:1/far")).value().status, 200);
  const auto& seen = proxy.end();
  ASSERT_EQ(seen.requests.size(), 1U);
  EXPECT_THAT(seen.requests[0], HasSubstr("/far"));
}

TEST(HttpClient, KeepsAConnectionWhereItIsAskedTo) {
  Neighbour far;
  Request request = to(far.url());
  request.kept = true;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send(request).value().status, 200);
  EXPECT_EQ(far.end().connections, 1);
}

// As one that has answered in another form by default is asked for JSON.
TEST(HttpClient, SaysWhatItWouldRead) {
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  Request request = to(server.url());
  request.accept = "application/json";
  EXPECT_EQ(send(request).value().body, "{}");
  EXPECT_THAT(server.request(), HasSubstr("\r\nAccept: application/json\r\n"));
}

TEST(HttpClient, FollowsNobodyAnywhere) {
  OneAnswer server(
      "HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(send(to(server.url())).value().status, 307);
}

TEST(HttpClient, ReadsNoMoreThanWasAskedFor) {
  OneAnswer server("HTTP/1.1 200 OK\r\n\r\nabcdefgh", OneAnswer::Then::never_end);
  const auto answer = send(to(server.url())).value();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "abcdefgh");
}

TEST(HttpClient, WaitsNoLongerThanItsDeadline) {
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnever", OneAnswer::Then::keep_open);
  Request request = to(server.url());
  request.deadline = steady_clock::now() + 200ms;
  EXPECT_EQ(error_of(send(request)).kind, Failure::Kind::timed_out);
  request.deadline = steady_clock::now() - 1ms;
  EXPECT_EQ(error_of(send(request)).kind, Failure::Kind::stopped);
}

TEST(HttpClient, ComesBackWhenTheProgramEnds) {
  OneAnswer server("", OneAnswer::Then::keep_open);
  std::stop_source program;
  Request request = to(server.url());
  request.stop = program.get_token();
  const std::jthread end([&] {
    std::this_thread::sleep_for(50ms);
    program.request_stop();
  });
  EXPECT_EQ(error_of(send(request)).kind, Failure::Kind::stopped);
}

TEST(HttpClient, SaysWhatIsWrong) {
  std::string nobodys;
  {
    nobodys = OneAnswer("").url();
  }
  EXPECT_EQ(error_of(send(to(nobodys))).kind, Failure::Kind::not_connected);
  EXPECT_EQ(error_of(send(to("http://name.invalid/"))).kind, Failure::Kind::not_connected);
  Request request = to("http://latchkey/command");
  request.unix_socket = "/nonexistent/socket";
  EXPECT_EQ(error_of(send(request)).kind, Failure::Kind::not_connected);
  OneAnswer silent("");
  EXPECT_EQ(error_of(send(to(silent.url()))).kind, Failure::Kind::broken);
  OneAnswer rude("This is no HTTP\r\n\r\n");
  EXPECT_EQ(error_of(send(to(rude.url()))).kind, Failure::Kind::broken);
  for (const std::string url : {"file:///etc/passwd", "gopher://127.0.0.1/", "no address"}) {
    EXPECT_FALSE(send(to(url)).has_value()) << url;
  }
}

TEST(HttpClient, AWrongCertificateIsNoConnection) {
  OneAnswer plain("HTTP/1.1 200 OK\r\n\r\n");
  std::string url = plain.url();
  url.replace(0, 4, "https");
  EXPECT_EQ(error_of(send(to(url))).kind, Failure::Kind::broken);
}

}  // namespace
}  // namespace latchkey::http_client
