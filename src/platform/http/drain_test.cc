#include <gtest/gtest.h>

#include <future>

#include "platform/http/client_testing.h"
#include "platform/http/server_testing.h"

namespace latchkey::http {
namespace {

using testing::Client;
using testing::eventually;
using testing::get;
using testing::Sample;

bool refuses(std::uint16_t port) {
  try {
    Client::tcp(port);
    return false;
  } catch (const std::runtime_error&) {
    return true;
  }
}

TEST(Drain, ClosesIdleConnectionsAtOnce) {
  Sample sample;
  Client fresh = sample.connect();
  Client kept = sample.connect();
  EXPECT_EQ(kept.ask(get("/hello"))->status, 200);
  ASSERT_TRUE(eventually([&] { return sample.server->stats().connections_open == 2; }));
  sample.server->drain();
  EXPECT_TRUE(fresh.closed());
  EXPECT_TRUE(kept.closed());
  EXPECT_EQ(sample.server->stats().connections_open, 0u);
  EXPECT_TRUE(refuses(sample.server->port()));
}

TEST(Drain, FinishesWhatIsInFlight) {
  Sample sample;
  Client waiting = sample.connect();
  Client sending = sample.connect();
  waiting.send(get("/wait"));
  sending.send("GET /things/1 HTTP/1.1\r\nHost: a\r\n");
  ASSERT_TRUE(eventually([&] { return sample.waiting() == 1; }));
  auto drained = std::async(std::launch::async, [&] { sample.server->drain(); });
  ASSERT_TRUE(eventually([&] { return refuses(sample.server->port()); }));
  sending.send("\r\n");
  sample.release();
  for (Client* client : {&waiting, &sending}) {
    const auto answer = client->read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->header("connection"), "close");
    EXPECT_TRUE(client->closed());
  }
  drained.get();
}

TEST(Drain, ClosesAfterAnswersBefore) {
  ServerOptions options;
  options.threads = 1;
  Sample sample(options);
  Client kept = sample.connect();
  EXPECT_EQ(kept.ask(get("/hello"))->header("connection"), "");
  sample.server->close_after_answers();
  // Its thread has to hear of it first.
  ASSERT_TRUE(eventually([&] {
    Client client = sample.connect();
    const auto answer = client.ask(get("/hello"));
    return answer && answer->header("connection") == "close" && client.closed();
  }));
  // Connections are accepted still, and what a proxy keeps is not closed under its hands.
  const auto last = kept.ask(get("/hello"));
  ASSERT_TRUE(last);
  EXPECT_EQ(last->status, 200);
  EXPECT_EQ(last->header("connection"), "close");
  EXPECT_TRUE(kept.closed());
}

TEST(Drain, LosesNoRequestThatHasArrived) {
  constexpr int kClients = 50;
  Sample sample;
  std::vector<Client> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(sample.connect());
    clients.back().send(get("/hello"));
  }
  sample.server->drain();
  for (Client& client : clients) EXPECT_EQ(client.read()->body, "hello");
}

TEST(Drain, GivesUpAfterItsTimeout) {
  ServerOptions options;
  options.limits.drain_timeout = Duration{50};
  Sample sample(options);
  Client client = sample.connect();
  client.send(get("/wait"));
  ASSERT_TRUE(eventually([&] { return sample.waiting() == 1; }));
  sample.server->drain();
  EXPECT_TRUE(client.closed());
}

TEST(Drain, BeforeStartAndTwice) {
  const Router router;
  ServerOptions options;
  options.listen = {"127.0.0.1:0"};
  Server server(options, router, {});
  server.drain();
  server.start();
  server.drain();
  server.drain();
}

}  // namespace
}  // namespace latchkey::http
