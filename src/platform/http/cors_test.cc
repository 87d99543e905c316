// "Web Browser Clients" of the Client-Server API, on the wire.
#include "platform/http/cors.h"

#include <gtest/gtest.h>

#include "platform/http/client_testing.h"
#include "platform/http/server_testing.h"

namespace latchkey::http {
namespace {

using testing::Answer;
using testing::Client;
using testing::Sample;

std::string request(std::string_view method, std::string_view path) {
  return std::string(method) + " " + std::string(path) +
         " HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n"
         "Access-Control-Request-Method: POST\r\n\r\n";
}

bool has_cors(const Answer& answer) {
  const std::string methods = answer.header("access-control-allow-methods");
  const std::string headers = answer.header("access-control-allow-headers");
  const std::string exposed = answer.header("access-control-expose-headers");
  return answer.header("access-control-allow-origin") == "*" &&
         exposed == "X-Request-Id, Retry-After, WWW-Authenticate" &&
         methods == "GET, POST, PUT, DELETE, OPTIONS" &&
         headers == "X-Requested-With, Content-Type, Authorization";
}

TEST(Cors, IsSentWhereItIsAskedFor) {
  Sample sample;
  const struct {
    std::string_view method;
    std::string_view path;
    int status;
    bool cors;
  } cases[] = {
      {"GET", "/hello", 200, true},           {"OPTIONS", "/hello", 204, true},
      {"POST", "/hello", 405, true},          {"GET", "/address", 200, false},
      {"OPTIONS", "/address", 405, false},    {"GET", "/nowhere", 404, false},
      {"OPTIONS", "/nowhere", 404, false},    {"GET", "/api/nowhere", 404, true},
      {"OPTIONS", "/api/nowhere", 204, true},
  };
  Client client = sample.connect();
  for (const auto& [method, path, status, cors] : cases) {
    const auto answer = client.ask(request(method, path));
    ASSERT_TRUE(answer) << method << path;
    EXPECT_EQ(answer->status, status) << method << path;
    EXPECT_EQ(has_cors(*answer), cors) << method << path;
    EXPECT_EQ(answer->headers.count("access-control-allow-origin"), cors ? 1u : 0u);
  }
}

TEST(Cors, IsSentWithRefusalsOfTheBody) {
  Sample sample;
  Client client = sample.connect();
  const auto answer =
      client.ask("GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
  EXPECT_EQ(answer->status, 413);
  EXPECT_TRUE(has_cors(*answer));
}

// Its path is not known then, and a proxy may hand the answer on.
TEST(Cors, IsSentWhereTheHeadCannotBeRead) {
  Sample sample;
  for (const std::string& header : {std::string("X-A: ") + std::string(100'000, 'a'),
                                    std::string("X A: b"), std::string("Content-Length: -1")}) {
    Client client = sample.connect();
    const auto answer = client.ask("GET /hello HTTP/1.1\r\nHost: a\r\n" + header + "\r\n\r\n");
    ASSERT_TRUE(answer);
    EXPECT_GE(answer->status, 400);
    EXPECT_TRUE(has_cors(*answer)) << answer->status;
  }
}

TEST(Cors, PreflightHasNoBody) {
  Sample sample;
  Client client = sample.connect();
  const auto answer = client.ask(request("OPTIONS", "/hello"));
  EXPECT_EQ(answer->header("content-length"), "");
  EXPECT_EQ(answer->header("access-control-max-age"), "86400");
}

}  // namespace
}  // namespace latchkey::http
