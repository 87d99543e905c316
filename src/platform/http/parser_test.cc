#include "platform/http/parser.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <sstream>

namespace latchkey::http {
namespace {

using Progress = RequestParser::Progress;

// A request with what it must be read as.
struct RequestSample {
  std::string bytes;
  std::string target;
  std::string body;
};

std::string in_chunks(const std::string& body) {
  std::ostringstream out;
  for (std::size_t at = 0; at < body.size();) {
    const auto size = std::min(body.size() - at, *rc::gen::inRange<std::size_t>(1, 300));
    out << std::hex << size << *rc::gen::element<std::string>("", ";a", ";a=\"b\"") << "\r\n"
        << body.substr(at, size) << "\r\n";
    at += size;
  }
  out << "0\r\n" << *rc::gen::element<std::string>("", "Trailer: x\r\n") << "\r\n";
  return out.str();
}

RequestSample arbitrary_request() {
  RequestSample sample;
  sample.target = "/" + *rc::gen::container<std::string>(rc::gen::inRange('a', 'z'));
  sample.body = *rc::gen::scale(10, rc::gen::container<std::string>(rc::gen::arbitrary<char>()));
  sample.bytes = "POST " + sample.target + " HTTP/1.1\r\nHost: a\r\n";
  if (*rc::gen::arbitrary<bool>()) {
    sample.bytes += "Transfer-Encoding: chunked\r\n\r\n" + in_chunks(sample.body);
  } else {
    sample.bytes +=
        "Content-Length: " + std::to_string(sample.body.size()) + "\r\n\r\n" + sample.body;
  }
  return sample;
}

// Hands the parser as many bytes as may arrive at once.
void feed(InputBuffer& input, std::string_view& bytes, std::size_t size) {
  const auto space = input.space();
  size = std::min({size, space.size(), bytes.size()});
  bytes.copy(space.data(), size);
  input.commit(size);
  bytes.remove_prefix(size);
}

RC_GTEST_PROP(Parser, ReadsRequestsHoweverTheyAreCut, ()) {
  const Limits limits;
  std::vector<RequestSample> samples;
  std::string bytes;
  const int count = *rc::gen::inRange(1, 6);
  for (int i = 0; i < count; ++i) {
    samples.push_back(arbitrary_request());
    bytes += samples.back().bytes;
  }
  RequestParser parser(limits);
  BufferPool pool;
  InputBuffer input(pool, limits.max_headers);
  std::string_view rest = bytes;
  for (const RequestSample& sample : samples) {
    Progress progress = Progress::need_more;
    while ((progress = parser.advance(input)) == Progress::need_more) {
      RC_ASSERT(!rest.empty());
      feed(input, rest, *rc::gen::inRange<std::size_t>(1, 2000));
    }
    RC_ASSERT(progress == Progress::complete);
    RC_ASSERT(parser.request().target == sample.target);
    RC_ASSERT(parser.request().body == sample.body);
    parser.reset();
  }
  RC_ASSERT(rest.empty() && input.empty());
}

// The same bytes with one of them changed are a request, refused or unfinished; what is read
// does not depend on how they are cut.
RC_GTEST_PROP(Parser, BadBytesAreRefusedAlikeHoweverTheyAreCut, ()) {
  const Limits limits;
  std::string bytes = arbitrary_request().bytes;
  bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
  const auto read = [&](std::size_t piece) {
    RequestParser parser(limits);
    BufferPool pool;
    InputBuffer input(pool, limits.max_headers);
    std::string_view rest = bytes;
    Progress progress = Progress::need_more;
    while ((progress = parser.advance(input)) == Progress::need_more && !rest.empty()) {
      feed(input, rest, piece);
    }
    return std::pair(progress, std::string(parser.request().body));
  };
  RC_ASSERT(read(1) == read(bytes.size()));
  RC_ASSERT(read(7) == read(bytes.size()));
}

TEST(Parser, GivesBackWhatALargeRequestTook) {
  Limits limits;
  limits.max_body = 1 << 20;
  RequestParser parser(limits);
  BufferPool pool;
  InputBuffer input(pool, 64 * 1024);
  const std::string body(1 << 20, 'x');
  const std::string request =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n" + body;
  std::string_view rest = request;
  while (parser.advance(input) == Progress::need_more) feed(input, rest, 64 * 1024);
  EXPECT_EQ(parser.request().body, body);
  parser.reset();
  parser.shrink();
  input.release();
  EXPECT_EQ(input.space().size(), BufferPool::kSize);
}

TEST(HeadScanner, LooksAtEachByteOnce) {
  HeadScanner scanner;
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\nbody";
  for (std::size_t size = 0; size < head.size() - 4; ++size) {
    EXPECT_EQ(scanner.scan(std::string_view(head).substr(0, size)), HeadScanner::State::need_more);
  }
  EXPECT_EQ(scanner.scan(head), HeadScanner::State::complete);
  EXPECT_EQ(scanner.size(), head.size() - 4);
}

TEST(Parser, TakesALargerBodyWhereTheRouteDoes) {
  Limits limits;
  limits.max_body = 100;
  Router router;
  const Handler nothing = [](const Request&) -> Task<Response> { co_return Response(); };
  router.add(Method::post, "/large/{id}", nothing, {.max_body = 1000});
  router.add(Method::post, "/small", nothing);
  const auto read = [&](const std::string& head, const std::string& body) {
    RequestParser parser(limits, &router);
    BufferPool pool;
    InputBuffer input(pool, limits.max_headers);
    const std::string bytes = head + "\r\nHost: a\r\n" + body;
    std::string_view rest = bytes;
    Progress progress = Progress::need_more;
    while ((progress = parser.advance(input)) == Progress::need_more && !rest.empty()) {
      feed(input, rest, 50);
    }
    return progress;
  };
  const auto with_length = [](std::size_t size) {
    return "Content-Length: " + std::to_string(size) + "\r\n\r\n" + std::string(size, 'x');
  };
  const auto chunked = [](std::size_t size) {
    std::string body = "Transfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0; at < size; at += 10) body += "a\r\n0123456789\r\n";
    return body + "0\r\n\r\n";
  };
  EXPECT_EQ(read("POST /small HTTP/1.1", with_length(100)), Progress::complete);
  EXPECT_EQ(read("POST /small HTTP/1.1", with_length(101)), Progress::body_too_large);
  EXPECT_EQ(read("POST /unknown HTTP/1.1", with_length(101)), Progress::body_too_large);
  EXPECT_EQ(read("PUT /large/1 HTTP/1.1", with_length(101)), Progress::body_too_large);
  EXPECT_EQ(read("POST /large/1 HTTP/1.1", with_length(1000)), Progress::complete);
  EXPECT_EQ(read("POST /large/1 HTTP/1.1", with_length(1001)), Progress::body_too_large);
  EXPECT_EQ(read("POST /small HTTP/1.1", chunked(110)), Progress::body_too_large);
  EXPECT_EQ(read("POST /large/1 HTTP/1.1", chunked(1000)), Progress::complete);
  EXPECT_EQ(read("POST /large/1 HTTP/1.1", chunked(1010)), Progress::body_too_large);
}

}  // namespace
}  // namespace latchkey::http
