// Each limit, with its own answer.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>
#include <vector>

#include "platform/http/client_testing.h"
#include "platform/http/server_testing.h"

namespace latchkey::http {
namespace {

using testing::Client;
using testing::eventually;
using testing::get;
using testing::post;
using testing::Sample;

constexpr Duration kSoon{60};
constexpr Duration kNever{600'000};

// All timeouts out of the way but the one a test sets.
ServerOptions patient() {
  ServerOptions options;
  options.limits.first_byte_timeout = kNever;
  options.limits.request_timeout = kNever;
  options.limits.idle_timeout = kNever;
  options.limits.write_timeout = kNever;
  return options;
}

void expect_refusal(Client& client, int status) {
  const auto answer = client.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, status);
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Limits, Body) {
  Sample sample;
  const std::string largest(64 * 1024, 'a');
  Client client = sample.connect();
  EXPECT_EQ(client.ask(post("/echo", largest))->body, largest);
  client.send(post("/echo", largest + "a"));
  expect_refusal(client, 413);
}

TEST(Limits, BodyMuchTooLarge) {
  Sample sample;
  Client client = sample.connect();
  client.send(post("/echo", std::string(900'000, 'a')));
  expect_refusal(client, 413);
}

TEST(Limits, ChunkedBody) {
  Sample sample;
  Client client = sample.connect();
  std::string bytes = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 17; ++i) bytes += "1000\r\n" + std::string(0x1000, 'a') + "\r\n";
  client.send(bytes);
  expect_refusal(client, 413);
}

TEST(Limits, OneLargeChunk) {
  Sample sample;
  Client client = sample.connect();
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n");
  expect_refusal(client, 413);
}

TEST(Limits, ExactHeaderSize) {
  ServerOptions options;
  options.limits.max_headers = 1024;
  Sample sample(options);
  Client client = sample.connect();
  const std::string frame = get("/hello", "X: \r\n");
  const std::string value(1024 - frame.size(), 'a');
  EXPECT_EQ(client.ask(get("/hello", "X: " + value + "\r\n"))->status, 200);
  client.send(get("/hello", "X: " + value + "a\r\n"));
  expect_refusal(client, 431);
}

TEST(Limits, HeaderThatDoesNotEnd) {
  Sample sample;
  Client client = sample.connect();
  client.send("GET /hello HTTP/1.1\r\nX: " + std::string(200'000, 'a'));
  expect_refusal(client, 431);
}

TEST(Limits, RequestLineThatDoesNotEnd) {
  Sample sample;
  Client client = sample.connect();
  client.send("GET /" + std::string(20'000, 'a'));
  expect_refusal(client, 431);
}

TEST(Limits, HeaderCount) {
  Sample sample;
  std::string headers;
  for (int i = 0; i < 63; ++i) headers += "X: a\r\n";
  Client client = sample.connect();
  EXPECT_EQ(client.ask(get("/hello", headers))->status, 200);
  client.send(get("/hello", headers + "X: a\r\n"));
  expect_refusal(client, 431);
}

// A third connection is refused, until one of the two is closed.
void expect_two_at_a_time(const ServerOptions& options) {
  Sample sample(options);
  Client first = sample.connect();
  {
    Client second = sample.connect();
    EXPECT_EQ(first.ask(get("/hello"))->status, 200);
    EXPECT_EQ(second.ask(get("/hello"))->status, 200);
    Client third = sample.connect();
    EXPECT_TRUE(third.closed());
    EXPECT_EQ(sample.server->stats().connections_refused, 1u);
  }
  ASSERT_TRUE(eventually([&] { return sample.server->stats().connections_open == 1; }));
  Client fourth = sample.connect();
  EXPECT_EQ(fourth.ask(get("/hello"))->status, 200);
}

TEST(Limits, Connections) {
  ServerOptions options;
  options.limits.max_connections = 2;
  expect_two_at_a_time(options);
}

TEST(Limits, ConnectionsOfOneAddress) {
  ServerOptions options;
  options.limits.max_connections_per_address = 2;
  expect_two_at_a_time(options);
}

// Everybody comes through it.
TEST(Limits, ConnectionsOfATrustedProxyAreNotOneAddresss) {
  ServerOptions options;
  options.limits.max_connections_per_address = 2;
  options.trusted_proxies = {"127.0.0.1", "::1"};
  Sample sample(options);
  std::vector<Client> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(sample.connect());
    EXPECT_EQ(clients.back().ask(get("/hello"))->status, 200);
  }
}

TEST(Limits, ReadsNoFurtherWhileAHandlerWaits) {
  Sample sample(patient());
  Client client = sample.connect();
  client.send(get("/wait"));
  ASSERT_TRUE(eventually([&] { return sample.waiting() == 1; }));
  const int small = 4096;
  ::setsockopt(client.fd(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  // The kernel's buffers fill up, then the client is held back.
  const std::string many(64 << 20, 'x');
  std::size_t taken = 0;
  std::size_t sent = 0;
  while ((sent = client.send_some(std::string_view(many).substr(taken))) > 0) taken += sent;
  EXPECT_LT(taken, many.size());
  sample.release();
  EXPECT_EQ(client.read()->body, "/wait");
}

TEST(Limits, FirstByte) {
  ServerOptions options = patient();
  options.limits.first_byte_timeout = kSoon;
  Sample sample(options);
  Client client = sample.connect();
  EXPECT_TRUE(client.closed());
}

TEST(Limits, SlowHeaders) {
  ServerOptions options = patient();
  options.limits.request_timeout = kSoon;
  Sample sample(options);
  Client client = sample.connect();
  client.send("GET /hello HTTP/1.1\r\nHo");
  expect_refusal(client, 408);
}

// The clock of a request begins with its own first byte, not with that of the request before.
TEST(Limits, SlowHeadersAgainAndAgainOnOneConnection) {
  ServerOptions options = patient();
  options.limits.request_timeout = Duration{3'000};
  Sample sample(options);
  Client client = sample.connect();
  for (int i = 0; i < 6; ++i) {
    client.send("GET /hello HTTP/1.1\r\nHo");
    std::this_thread::sleep_for(std::chrono::milliseconds{900});  // the client is slow
    client.send("st: a\r\n\r\n");
    const auto answer = client.read();
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->status, 200) << i;
  }
}

TEST(Limits, SlowHeadersThatTrickle) {
  ServerOptions options = patient();
  options.limits.request_timeout = kSoon;
  Sample sample(options);
  Client client = sample.connect();
  client.send("GET /hello HTTP/1.1\r\nX: ");
  // A byte now and then does not prolong it.
  ASSERT_TRUE(eventually([&] {
    client.send_some("a");
    return sample.server->stats().requests == 1;
  }));
  expect_refusal(client, 408);
}

TEST(Limits, SlowBody) {
  ServerOptions options = patient();
  options.limits.request_timeout = kSoon;
  Sample sample(options);
  Client client = sample.connect();
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
  expect_refusal(client, 408);
}

TEST(Limits, Idle) {
  ServerOptions options = patient();
  options.limits.idle_timeout = kSoon;
  Sample sample(options);
  Client client = sample.connect();
  EXPECT_EQ(client.ask(get("/hello"))->status, 200);
  EXPECT_TRUE(client.closed());
}

TEST(Limits, AHandlerMayTakeLongerThanTheTimeouts) {
  ServerOptions options;
  options.limits.first_byte_timeout = kSoon;
  options.limits.request_timeout = kSoon;
  options.limits.idle_timeout = kSoon;
  options.limits.write_timeout = kSoon;
  Sample sample(options);
  Client client = sample.connect();
  client.send(get("/wait"));
  ASSERT_TRUE(eventually([&] { return sample.waiting() == 1; }));
  // Another connection shows that the sweep has come by.
  EXPECT_TRUE(sample.connect().closed());
  sample.release();
  EXPECT_EQ(client.read()->body, "/wait");
}

TEST(Limits, AClientThatStopsReading) {
  ServerOptions options = patient();
  options.limits.write_timeout = kSoon;
  Sample sample(options);
  Client client = sample.connect();
  client.send(get("/large"));
  ASSERT_EQ(client.read_bytes(1), "H");
  EXPECT_TRUE(eventually([&] { return sample.server->stats().connections_open == 0; }));
}

TEST(Limits, AnswersNoFurtherWhileItsAnswersAreNotRead) {
  Sample sample(patient());
  Client client = sample.connect();
  client.send(get("/large") + get("/large") + get("/large") + get("/large"));
  ASSERT_EQ(client.read_bytes(1), "H");
  EXPECT_EQ(sample.log().size(), 1u) << "the others wait unread, not in memory as answers";
}

TEST(Limits, AClientThatReadsSlowlyGetsAll) {
  Sample sample(patient());
  Client client = sample.connect();
  client.send(get("/large") + get("/hello"));
  EXPECT_EQ(client.read()->body.size(), Sample::kLarge);
  EXPECT_EQ(client.read()->body, "hello");
}

TEST(Limits, AClientThatNeverReadsItsRefusalIsLetGo) {
  Sample sample;
  Client client = sample.connect();
  client.send("nonsense\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return sample.server->stats().connections_open == 1; }));
  EXPECT_TRUE(eventually([&] { return sample.server->stats().connections_open == 0; }));
}

TEST(Limits, AClientThatGoesOnSendingAfterItsRefusalIsCutOff) {
  Sample sample;
  Client client = sample.connect();
  client.send("nonsense\r\n\r\n");
  const std::string more(1 << 20, 'x');
  bool taken = true;
  for (int i = 0; i < 32 && taken; ++i) taken = client.send(more);  // more than sockets buffer
  EXPECT_FALSE(taken);
}

// Closed with input unread, its connection would be reset, and the refusal lost with it.
TEST(Limits, AClientThatIsStillSendingReadsItsRefusalToTheEnd) {
  Sample sample;
  Client client = sample.connect();
  client.send("nonsense\r\n\r\n" + std::string(std::size_t{200} * 1024, 'x'));
  const auto answer = client.read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 400);
  char byte = 0;
  EXPECT_EQ(::recv(client.fd(), &byte, 1, 0), 0) << "its end, and no reset";
}

}  // namespace
}  // namespace latchkey::http
