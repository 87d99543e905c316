#include "platform/http_client/http_client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>
#include <thread>

namespace latchkey::http_client {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

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
  EXPECT_EQ(send(request).error().kind, Failure::Kind::timed_out);
  request.deadline = steady_clock::now() - 1ms;
  EXPECT_EQ(send(request).error().kind, Failure::Kind::stopped);
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
  EXPECT_EQ(send(request).error().kind, Failure::Kind::stopped);
}

TEST(HttpClient, SaysWhatIsWrong) {
  std::string nobodys;
  {
    nobodys = OneAnswer("").url();
  }
  EXPECT_EQ(send(to(nobodys)).error().kind, Failure::Kind::not_connected);
  EXPECT_EQ(send(to("http://name.invalid/")).error().kind, Failure::Kind::not_connected);
  Request request = to("http://latchkey/command");
  request.unix_socket = "/nonexistent/socket";
  EXPECT_EQ(send(request).error().kind, Failure::Kind::not_connected);
  OneAnswer silent("");
  EXPECT_EQ(send(to(silent.url())).error().kind, Failure::Kind::broken);
  OneAnswer rude("This is no HTTP\r\n\r\n");
  EXPECT_EQ(send(to(rude.url())).error().kind, Failure::Kind::broken);
  for (const std::string url : {"file:///etc/passwd", "gopher://127.0.0.1/", "no address"}) {
    EXPECT_FALSE(send(to(url)).has_value()) << url;
  }
}

TEST(HttpClient, AWrongCertificateIsNoConnection) {
  OneAnswer plain("HTTP/1.1 200 OK\r\n\r\n");
  std::string url = plain.url();
  url.replace(0, 4, "https");
  EXPECT_EQ(send(to(url)).error().kind, Failure::Kind::broken);
}

}  // namespace
}  // namespace latchkey::http_client
