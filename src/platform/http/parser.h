#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "platform/http/chunked.h"
#include "platform/http/head.h"
#include "platform/http/input.h"
#include "platform/http/message.h"
#include "platform/http/router.h"
#include "platform/http/server.h"

namespace latchkey::http {

// What the head of a request says. Views point into the head.
struct Head {
  Method method = Method::other;
  std::string_view target;
  std::vector<Header> headers;
  std::size_t hosts = 0;
  std::size_t content_length = 0;
  bool chunked = false;
  bool http_1_0 = false;
  bool keep_alive = false;
  bool expects_continue = false;
};

// Reads the requests of one connection, one after the other, into storage that it recycles.
// RFC 9112, and stricter where peers differ: what is refused stands in malformed_test.cc.
class RequestParser {
 public:
  enum class Progress {
    need_more,
    complete,
    bad_request,        // 400
    headers_too_large,  // 431
    body_too_large,     // 413
  };

  // What an input buffer must be able to hold beside max_headers: the line of a chunk.
  static constexpr std::size_t kMinBuffer = 2 * ChunkedDecoder::kMaxLine;

  // `limits` must outlive the parser, and so must `router`, which knows where a body may be larger.
  explicit RequestParser(const Limits& limits, const Router* router = nullptr)
      : limits_(limits), router_(router) {}

  // Takes what it can of `input`. After anything but need_more the parser rests until reset();
  // after an error the connection's bytes make no sense.
  Progress advance(InputBuffer& input);

  // Forgets the request. Views into it end here.
  void reset();

  // Whether a byte of the current request was seen.
  bool begun() const { return phase_ != Phase::before; }

  // Once for each request whose body is still to come and that asked for "100 Continue".
  bool take_continue();

  // The fields that come from the wire. Complete after `complete`; after body_too_large all
  // but the body; empty after the other errors.
  const Request& request() const { return request_; }

  // Whether the client lets the connection be used again. After `complete`.
  bool keep_alive() const { return parsed_.keep_alive; }

  // Gives back memory that a large request made it take. Only after reset().
  void shrink();

 private:
  enum class Phase { before, head, body, done };

  Progress read_head(InputBuffer& input);
  Progress parse_head();
  Progress read_body(InputBuffer& input);
  Progress read_chunks(InputBuffer& input);
  std::size_t most_of_body() const;
  Progress finish(Progress progress);

  const Limits& limits_;
  const Router* const router_;
  Phase phase_ = Phase::before;
  HeadScanner scanner_;
  std::string head_;  // the bytes that parsed_ points into
  Head parsed_;
  ChunkedDecoder chunks_;
  std::string body_;
  Request request_;
};

}  // namespace latchkey::http
