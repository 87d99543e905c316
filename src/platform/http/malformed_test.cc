// What is not a request, or one that different servers would read differently.
#include <gtest/gtest.h>

#include "platform/http/client_testing.h"
#include "platform/http/server_testing.h"

namespace latchkey::http {
namespace {

using testing::Client;
using testing::get;
using testing::Sample;

struct Case {
  std::string_view name;
  std::string bytes;
};

std::string with(std::string_view headers, std::string_view body = {}) {
  return "POST /echo HTTP/1.1\r\nHost: a\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

std::string repeated(int times, const std::string& part) {
  std::string all;
  for (int i = 0; i < times; ++i) all += part;
  return all;
}

// Each must get one 400 and a closed connection; what follows is never taken for a request.
std::vector<Case> malformed() {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  return {
      {"garbage", "\x01\x02\x03\r\n\r\n"},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00", 12)},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"no version", "GET /hello\r\n\r\n"},
      {"HTTP/0.9", "GET /hello HTTP/0.9\r\nHost: a\r\n\r\n"},
      {"HTTP/1.2", "GET /hello HTTP/1.2\r\nHost: a\r\n\r\n"},
      {"HTTP/3.0", "GET /hello HTTP/3.0\r\nHost: a\r\n\r\n"},
      {"lower case version", "GET /hello http/1.1\r\nHost: a\r\n\r\n"},
      {"two spaces", "GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"space in target", "GET /hel lo HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"tab in target", "GET /hel\tlo HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"fragment in target", "GET /hello#x HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"raw UTF-8 in target", "GET /h\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"relative target", "GET hello HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"authority target", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"asterisk target", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"foreign scheme", "GET ftp://a/hello HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"user in target", "GET http://u@a/hello HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"no authority", "GET http:///hello HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"space after version", "GET /hello HTTP/1.1 \r\nHost: a\r\n\r\n"},
      {"bad method", "G\"T /hello HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"no host", "GET /hello HTTP/1.1\r\n\r\n"},
      {"two hosts", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
      {"bad host", "GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n"},
      {"host list", "GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n"},
      {"bare LF after request line", "GET /hello HTTP/1.1\nHost: a\r\n\r\n"},
      {"bare LF after header", "GET /hello HTTP/1.1\r\nHost: a\n\r\n"},
      {"bare LF at the end", "GET /hello HTTP/1.1\r\nHost: a\r\n\n"},
      {"bare LFs", "GET /hello HTTP/1.1\nHost: a\n\n"},
      {"bare CR", "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"},
      {"bare CR as line end", "GET /hello HTTP/1.1\rHost: a\r\r\n\r\n"},
      {"fold with space", with("X: a\r\n b\r\n")},
      {"fold with tab", with("X: a\r\n\tb\r\n")},
      {"fold of a length", with("Content-Length:\r\n 5\r\n", "hello")},
      {"space before first header", "GET /hello HTTP/1.1\r\n Host: a\r\n\r\n"},
      {"space before colon", with("Content-Length : 5\r\n", "hello")},
      {"tab before colon", with("Content-Length\t: 5\r\n", "hello")},
      {"no colon", with("Nonsense\r\n")},
      {"empty name", with(": a\r\n")},
      {"NUL in name", with(std::string("X\0Y: a\r\n", 8))},
      {"NUL in value", with(std::string("X: a\0b\r\n", 8))},
      {"control character in value", with("X: a\x01\r\n")},
      {"escape in value", with("X: \x1b[31m\r\n")},
      {"DEL in value", with("X: a\x7f\r\n")},
      {"two lengths", with("Content-Length: 5\r\nContent-Length: 6\r\n", "hello")},
      {"two equal lengths", with("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")},
      {"list of lengths", with("Content-Length: 5, 5\r\n", "hello")},
      {"signed length", with("Content-Length: +5\r\n", "hello")},
      {"negative length", with("Content-Length: -5\r\n", "hello")},
      {"hexadecimal length", with("Content-Length: 0x5\r\n", "hello")},
      {"fractional length", with("Content-Length: 5.0\r\n", "hello")},
      {"empty length", with("Content-Length: \r\n", "hello")},
      {"overflowing length", with("Content-Length: 18446744073709551621\r\n", "hello")},
      {"length and chunked", with("Content-Length: 5\r\n" + chunked, "0\r\n\r\n")},
      {"chunked and length", with(chunked + "Content-Length: 5\r\n", "0\r\n\r\n")},
      {"chunked twice", with(chunked + chunked, "0\r\n\r\n")},
      {"chunked, chunked", with("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")},
      {"gzip, chunked", with("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")},
      {"gzip", with("Transfer-Encoding: gzip\r\n")},
      {"identity", with("Transfer-Encoding: identity\r\n")},
      {"empty coding", with("Transfer-Encoding:\r\n")},
      {"coding with parameter", with("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n")},
      {"quoted coding", with("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n")},
      {"vertical tab coding", with("Transfer-Encoding: \x0b"
                                   "chunked\r\n",
                                   "0\r\n\r\n")},
      {"chunked in HTTP/1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"chunk size that is none", with(chunked, "x\r\n")},
      {"empty chunk size", with(chunked, "\r\n\r\n")},
      {"signed chunk size", with(chunked, "+5\r\nhello\r\n0\r\n\r\n")},
      {"prefixed chunk size", with(chunked, "0x5\r\nhello\r\n0\r\n\r\n")},
      {"space before chunk size", with(chunked, " 5\r\nhello\r\n0\r\n\r\n")},
      {"overflowing chunk size", with(chunked, "10000000000000005\r\nhello\r\n0\r\n\r\n")},
      {"chunk longer than said", with(chunked, "5\r\nhello!\r\n0\r\n\r\n")},
      {"bare LF after chunk size", with(chunked, "5\nhello\r\n0\r\n\r\n")},
      {"bare LF after chunk", with(chunked, "5\r\nhello\n0\r\n\r\n")},
      {"bare LF in chunk extension", with(chunked, "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n")},
      {"bare CR in chunk extension", with(chunked, "5;\rx\r\nhello\r\n0\r\n\r\n")},
      {"long chunk extension",
       with(chunked, "5;a=" + std::string(5000, 'a') + "\r\nhello\r\n0\r\n\r\n")},
      {"long trailers", with(chunked, "0\r\nX: " + std::string(5000, 'a') + "\r\n\r\n")},
      {"many chunk extensions",
       with(chunked, repeated(5, "1;a=" + std::string(1000, 'a') + "\r\nx\r\n") + "0\r\n\r\n")},
      {"many trailers",
       with(chunked, "0\r\n" + repeated(5, "X: " + std::string(1000, 'a') + "\r\n") + "\r\n")},
      {"bad trailer", with(chunked, "0\r\nX : a\r\n\r\n")},
      {"bare LF in trailer", with(chunked, "0\r\nX: a\n\r\n\r\n")},
  };
}

TEST(Malformed, IsRefusedAndTheConnectionClosed) {
  Sample sample;
  for (const auto& [name, bytes] : malformed()) {
    SCOPED_TRACE(name);
    Client client = sample.connect();
    client.send(bytes + get("/hello"));
    const auto answer = client.read();
    if (!answer) {
      ADD_FAILURE() << "no answer";
      continue;
    }
    EXPECT_EQ(answer->status, 400) << answer->body;
    EXPECT_EQ(answer->header("connection"), "close");
    EXPECT_EQ(client.read_to_end(), "");
  }
}

TEST(Malformed, IsRefusedAlsoByteByByte) {
  Sample sample;
  for (const auto& [name, bytes] : malformed()) {
    SCOPED_TRACE(name);
    Client client = sample.connect();
    for (const char c : bytes) client.send_some({&c, 1});
    client.send_some(get("/hello"));
    const auto answer = client.read();
    if (!answer) {
      ADD_FAILURE() << "no answer";
      continue;
    }
    EXPECT_EQ(answer->status, 400);
    EXPECT_EQ(client.read_to_end(), "");
  }
}

TEST(Malformed, GarbageAfterAGoodRequest) {
  Sample sample;
  Client client = sample.connect();
  client.send(get("/hello") + get("/things/1") + "\xff\xfe garbage");
  EXPECT_EQ(client.read()->body, "hello");
  EXPECT_EQ(client.read()->body, "1");
  EXPECT_EQ(client.read()->status, 400);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Malformed, OddButAllowed) {
  Sample sample;
  for (const auto& [name, bytes] : std::vector<Case>{
           {"empty lines before", "\r\n\r\n" + get("/hello")},
           {"empty value", get("/hello", "X:\r\n")},
           {"no space after colon", get("/hello", "X:a\r\n")},
           {"white space around value", get("/hello", "X: \t a \t\r\n")},
           {"obs-text in value", get("/hello", "X: \xe4\xf6\r\n")},
           {"lower case headers", "GET /hello HTTP/1.1\r\nhost: a\r\n\r\n"},
           {"IPv6 host", "GET /hello HTTP/1.1\r\nHost: [::1]:8008\r\n\r\n"},
           {"query", get("/hello?a=b&c?d/e")},
           {"empty query", get("/hello?")},
           {"absolute", get("HTTP://a.example/hello")},
           {"length zero", get("/hello", "Content-Length: 0\r\n")},
           {"leading zeros", get("/hello", "Content-Length: 0002\r\n") + "ab"},
           {"chunked in capitals", get("/hello", "Transfer-Encoding: CHUNKED\r\n") + "0\r\n\r\n"},
           {"upgrade ignored", get("/hello", "Connection: Upgrade\r\nUpgrade: h2c\r\n")},
           {"unknown expectation", get("/hello", "Expect: the-unexpected\r\n")},
       }) {
    SCOPED_TRACE(name);
    Client client = sample.connect();
    EXPECT_EQ(client.ask(bytes)->body, "hello");
    EXPECT_EQ(client.ask(get("/things/next"))->body, "next");
  }
}

}  // namespace
}  // namespace latchkey::http
