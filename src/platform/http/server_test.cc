#include "platform/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <set>
#include <thread>

#include "platform/http/client_testing.h"
#include "platform/http/server_testing.h"

namespace latchkey::http {
namespace {

using testing::Client;
using ::testing::ElementsAre;
using testing::get;
using ::testing::MatchesRegex;
using testing::post;
using testing::Sample;

TEST(Server, AnswersOnAKeptConnection) {
  Sample sample;
  Client client = sample.connect();
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.ask(get("/hello"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "hello");
    EXPECT_EQ(answer->header("content-type"), "text/plain");
    EXPECT_EQ(answer->header("connection"), "");
    EXPECT_THAT(answer->header("date"), MatchesRegex("[A-Z][a-z]{2}, .* GMT"));
    EXPECT_THAT(answer->header("x-request-id"), MatchesRegex("[0-9a-f]{16}"));
  }
  EXPECT_EQ(sample.server->stats().requests, 3u);
  EXPECT_EQ(sample.server->stats().connections_accepted, 1u);
  EXPECT_EQ(sample.server->stats().connections_open, 1u);
}

TEST(Server, RequestIdsDiffer) {
  Sample sample;
  std::set<std::string> ids;
  for (int i = 0; i < 4; ++i) {
    Client client = sample.connect();
    for (int j = 0; j < 4; ++j) ids.insert(client.ask(get("/hello"))->header("x-request-id"));
  }
  EXPECT_EQ(ids.size(), 16u);
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  Sample sample;
  Client client = sample.connect();
  client.send(get("/hello") + get("/things/1") + post("/echo", "two") + get("/nowhere") +
              get("/hello"));
  EXPECT_EQ(client.read()->body, "hello");
  EXPECT_EQ(client.read()->body, "1");
  EXPECT_EQ(client.read()->body, "two");
  EXPECT_EQ(client.read()->status, 404);
  EXPECT_EQ(client.read()->body, "hello");
}

TEST(Server, AnswersManyPipelinedRequests) {
  Sample sample;
  Client client = sample.connect();
  constexpr int kMany = 2000;
  std::thread sender([&] {
    std::string all;
    for (int i = 0; i < kMany; ++i) all += get("/things/" + std::to_string(i));
    client.send(all);
  });
  for (int i = 0; i < kMany; ++i) EXPECT_EQ(client.read()->body, std::to_string(i));
  sender.join();
}

TEST(Server, TakesARequestByteByByte) {
  Sample sample;
  Client client = sample.connect();
  for (const char c : "\r\n" + post("/echo", "slowly")) client.send({&c, 1});
  EXPECT_EQ(client.read()->body, "slowly");
}

TEST(Server, HeadHasNoBody) {
  Sample sample;
  Client client = sample.connect();
  client.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n" + get("/hello"));
  const auto head = client.read(true);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->header("content-length"), "5");
  EXPECT_EQ(client.read()->body, "hello");
}

TEST(Server, ReadsTheBodyOfAGetAndGoesOn) {
  Sample sample;
  Client client = sample.connect();
  client.send(get("/hello", "Content-Length: 5\r\n") + "12345" + get("/things/2"));
  EXPECT_EQ(client.read()->body, "hello");
  EXPECT_EQ(client.read()->body, "2");
}

TEST(Server, TakesChunkedBodies) {
  Sample sample;
  Client client = sample.connect();
  client.send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n1;name=value\r\n,\r\nA\r\n0123456789\r\n0\r\nTrailer: ignored\r\n\r\n");
  EXPECT_EQ(client.read()->body, "hello,0123456789");
  EXPECT_EQ(client.ask(get("/hello"))->body, "hello");
}

TEST(Server, AnswersHttp10AndCloses) {
  Sample sample;
  Client client = sample.connect();
  const auto answer = client.ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_TRUE(client.closed());
}

TEST(Server, ClosesWhenAsked) {
  Sample sample;
  Client client = sample.connect();
  const auto answer = client.ask(get("/hello", "Connection: close\r\n"));
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_TRUE(client.closed());
}

TEST(Server, AnswersAClientThatHasShutItsSide) {
  Sample sample;
  Client client = sample.connect();
  client.send(get("/hello") + get("/things/x"));
  client.shutdown_send();
  EXPECT_EQ(client.read()->body, "hello");
  EXPECT_EQ(client.read()->body, "x");
  EXPECT_TRUE(client.closed());
}

TEST(Server, ContinuesWhenExpected) {
  Sample sample;
  Client client = sample.connect();
  client.send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read()->status, 100);
  client.send("body");
  EXPECT_EQ(client.read()->body, "body");
}

TEST(Server, RefusesAnExpectedBodyThatIsTooLargeAtOnce) {
  Sample sample;
  Client client = sample.connect();
  const auto answer = client.ask(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(answer->status, 413);
  EXPECT_TRUE(client.closed());
}

TEST(Server, TellsWhatIsNotThere) {
  Sample sample;
  Client client = sample.connect();
  EXPECT_EQ(client.ask(get("/nowhere"))->status, 404);
  const auto answer = client.ask("PATCH /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(answer->status, 405);
  EXPECT_EQ(answer->header("allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(client.ask(get("/things/%zz"))->status, 400);
  EXPECT_EQ(client.ask(get("/things/%ff"))->status, 400);
  EXPECT_EQ(client.ask(get("/things/a%2Fb%20c"))->body, "a/b c");
  EXPECT_EQ(client.ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")->status, 204);
}

TEST(Server, TakesAbsoluteTargets) {
  Sample sample;
  Client client = sample.connect();
  EXPECT_EQ(client.ask(get("http://b.example:8008/things/1?q"))->body, "1");
}

TEST(Server, FaultsAreAnsweredByTheHook) {
  Sample sample;
  Client client = sample.connect();
  EXPECT_EQ(client.ask(get("/throw"))->body, "fault: thrown");
  EXPECT_EQ(client.ask(get("/throw-late"))->body, "fault: thrown late");
  const auto answer = client.ask(get("/bad-header"));
  EXPECT_EQ(answer->status, 500);
  EXPECT_EQ(answer->header("set-cookie"), "");
  EXPECT_EQ(client.ask(get("/hello"))->body, "hello");
}

TEST(Server, TellsOfEachAnswer) {
  Sample sample;
  Client client = sample.connect();
  client.ask(get("/hello"));
  client.ask(get("/nowhere"));
  client.ask(get("/things/1"));
  client.ask("nonsense\r\n\r\n");
  EXPECT_THAT(sample.log(), ElementsAre("/hello 200", "- 404", "/things/{thing} 200", "- 400"));
}

TEST(Server, ServesManyConnectionsAtATime) {
  ServerOptions options;
  options.threads = 4;
  Sample sample(options);
  std::vector<std::jthread> clients;
  std::atomic<int> good = 0;
  for (int i = 0; i < 16; ++i) {
    clients.emplace_back([&, i] {
      Client client = sample.connect();
      for (int j = 0; j < 50; ++j) {
        const std::string text = std::to_string(i * 1000 + j);
        if (client.ask(post("/echo", text))->body == text) ++good;
        if (client.ask(get("/hello"))->body == "hello") ++good;
      }
    });
  }
  clients.clear();
  EXPECT_EQ(good, 16 * 100);
}

TEST(Server, AFloodDoesNotStarveOthers) {
  ServerOptions options;
  options.threads = 1;
  Sample sample(options);
  std::atomic<bool> stop = false;
  std::jthread reader;
  std::jthread flood([&] {
    Client client = sample.connect();
    std::string many;
    for (int i = 0; i < 1000; ++i) many += get("/hello");
    reader = std::jthread([&, fd = ::dup(client.fd())] {
      std::array<char, 65536> bytes;
      while (::recv(fd, bytes.data(), bytes.size(), 0) > 0) {
      }
      ::close(fd);
    });
    while (!stop) client.send(many);
    ::shutdown(client.fd(), SHUT_RDWR);
  });
  Client client = sample.connect();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.ask(get("/things/x"))->body, "x");
  stop = true;
}

TEST(Server, ADroppedClientDoesNotDisturbItsHandler) {
  Sample sample;
  {
    Client client = sample.connect();
    client.send(get("/wait"));
    ASSERT_TRUE(testing::eventually([&] { return sample.waiting() == 1; }));
  }
  sample.release();
  EXPECT_TRUE(testing::eventually(
      [&] { return sample.waiting() == 0 && sample.server->stats().connections_open == 0; }));
  EXPECT_THAT(sample.log(), ElementsAre("/wait 200"));
}

TEST(Server, StopsAtOnceWithHandlersWaiting) {
  auto sample = std::make_unique<Sample>();
  Client client = sample->connect();
  client.send(get("/wait"));
  ASSERT_TRUE(testing::eventually([&] { return sample->waiting() == 1; }));
  sample->server.reset();
  EXPECT_TRUE(client.closed());
}

}  // namespace
}  // namespace latchkey::http
