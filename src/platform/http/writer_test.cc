#include "platform/http/writer.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace latchkey::http {
namespace {

Envelope envelope() {
  Envelope envelope;
  envelope.date = "Date: today\r\n";
  envelope.request_id = "0123456789abcdef";
  return envelope;
}

std::string render(const Response& response, const Envelope& around = envelope()) {
  std::string out = "before|";
  append_response(out, response, around);
  return out;
}

TEST(Writer, WritesAnAnswer) {
  Response response;
  response.body = "{}";
  response.headers = {{"Cache-Control", "no-store"}, {"Vary", "Authorization"}};
  EXPECT_EQ(render(response),
            "before|HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            "X-Content-Type-Options: nosniff\r\nContent-Length: 2\r\n"
            "Date: today\r\nX-Request-Id: 0123456789abcdef\r\nCache-Control: no-store\r\n"
            "Vary: Authorization\r\n\r\n{}");
}

TEST(Writer, WritesWhatTheServerAdds) {
  Response response;
  response.status = 405;
  response.content_type = {};
  Envelope around = envelope();
  around.allow = "GET";
  around.close = true;
  EXPECT_EQ(render(response, around),
            "before|HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nDate: today\r\n"
            "X-Request-Id: 0123456789abcdef\r\nAllow: GET\r\nConnection: close\r\n\r\n");
}

TEST(Writer, LeavesBodiesOutWhereNoneBelongs) {
  Response response;
  response.body = "body";
  Envelope around = envelope();
  around.head = true;
  EXPECT_TRUE(render(response, around).contains("Content-Length: 4\r\n"));
  EXPECT_TRUE(render(response, around).ends_with("\r\n\r\n"));
  for (const int status : {204, 304}) {
    response.status = status;
    EXPECT_FALSE(render(response).contains("Content-")) << status;
    EXPECT_TRUE(render(response).ends_with("\r\n\r\n")) << status;
  }
}

TEST(Writer, NamesStatuses) {
  Response response;
  for (const auto& [status, line] : std::initializer_list<std::pair<int, std::string>>{
           {303, "HTTP/1.1 303 See Other\r\n"},
           {429, "HTTP/1.1 429 Too Many Requests\r\n"},
           {431, "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
           {503, "HTTP/1.1 503 Service Unavailable\r\n"},
       }) {
    response.status = status;
    EXPECT_TRUE(render(response).contains(line)) << status;
  }
}

TEST(Writer, RefusesHeadersThatWouldBreakOut) {
  for (const auto& [name, value] : std::initializer_list<std::pair<std::string, std::string>>{
           {"X", "a\r\nSet-Cookie: b"},
           {"X", "a\nb"},
           {"X", "a\rb"},
           {"X", std::string("a\0b", 3)},
           {"X: a\r\nY", "b"},
           {"X Y", "a"},
           {"", "a"},
       }) {
    Response response;
    response.headers = {{name, value}};
    std::string out = "before|";
    EXPECT_THROW(append_response(out, response, envelope()), std::invalid_argument);
    EXPECT_EQ(out, "before|");
  }
}

TEST(DateLine, IsAsHttpHasIt) {
  DateLine date;
  EXPECT_EQ(date.at(784111777), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(date.at(784111777), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(date.at(951782400), "Date: Tue, 29 Feb 2000 00:00:00 GMT\r\n");
  EXPECT_TRUE(date.now().starts_with("Date: "));
}

}  // namespace
}  // namespace latchkey::http
