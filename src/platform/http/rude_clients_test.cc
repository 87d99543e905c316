// Clients that do whatever they like, many at a time: for the sanitizers to watch.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <random>
#include <thread>

#include "platform/http/client_testing.h"
#include "platform/http/server_testing.h"

namespace latchkey::http {
namespace {

using testing::Client;
using testing::eventually;
using testing::get;
using testing::post;
using testing::Sample;

constexpr int kClients = 8;
constexpr int kVisits = 20;

// Closes with a reset rather than in order.
void break_off(const Client& client) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void visit(const Sample& sample, std::mt19937& random) {
  static const std::array<std::string, 10> kSaid{
      get("/hello"),
      get("/things/1") + get("/hello") + get("/nowhere"),
      post("/echo", std::string(30'000, 'x')),
      get("/wait"),
      get("/large"),
      get("/throw-late") + get("/throw"),
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
      "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      "nonsense\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n",
  };
  Client client = sample.connect();
  for (auto said = random() % 4; said > 0; --said) {
    const std::string& bytes = kSaid.at(random() % kSaid.size());
    const std::size_t all = bytes.size();
    client.send_some(std::string_view(bytes).substr(0, random() % 3 == 0 ? random() % all : all));
  }
  switch (random() % 4) {
    case 0:
      break_off(client);
      break;
    case 1:
      client.shutdown_send();
      client.read_bytes(10);
      break;
    case 2:
      // With luck into the middle of an answer.
      std::this_thread::yield();
      break_off(client);
      break;
    default:
      break;
  }
}

TEST(RudeClients, LeaveNothingBehind) {
  ServerOptions options;
  options.threads = 2;
  options.limits.request_timeout = Duration{20};
  options.limits.idle_timeout = Duration{20};
  options.limits.first_byte_timeout = Duration{20};
  options.limits.write_timeout = Duration{20};
  Sample sample(options);
  std::vector<std::jthread> clients;
  for (unsigned seed = 0; seed < kClients; ++seed) {
    clients.emplace_back([&, seed] {
      std::mt19937 random(seed);
      for (int i = 0; i < kVisits; ++i) visit(sample, random);
    });
  }
  ASSERT_TRUE(eventually([&] { return sample.server->stats().connections_accepted > 50; }));
  sample.release();
  clients.clear();
  EXPECT_TRUE(eventually([&] { return sample.server->stats().connections_open == 0; }));
  EXPECT_EQ(sample.connect().ask(get("/hello"))->body, "hello");
}

TEST(RudeClients, DoNotHoldUpADrain) {
  Sample sample;
  sample.release();
  std::atomic<bool> stop = false;
  std::vector<std::jthread> clients;
  for (unsigned seed = 0; seed < kClients; ++seed) {
    clients.emplace_back([&, seed] {
      std::mt19937 random(seed + kClients);
      try {
        while (!stop) visit(sample, random);
      } catch (const std::runtime_error&) {
        // Nobody listens by now.
      }
    });
  }
  ASSERT_TRUE(eventually([&] { return sample.server->stats().connections_accepted > 50; }));
  sample.server->drain();
  stop = true;
  EXPECT_EQ(sample.server->stats().connections_open, 0u);
}

}  // namespace
}  // namespace latchkey::http
