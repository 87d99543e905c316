#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace latchkey::http {

enum class Method { get, head, post, put, delete_, options, other };

struct Header {
  std::string_view name;  // as sent; compare without regard to case
  std::string_view value;
};

// One request, parsed and within the limits. Every view points into buffers of the
// connection, which stay as they are until the response has been returned.
struct Request {
  Method method = Method::other;
  std::string_view target;  // as sent: path and query
  std::string_view path;    // as sent, not percent-decoded
  std::string_view query;   // as sent, without '?'
  std::span<const Header> headers;
  std::string_view body;
  std::string_view client_address;  // the peer's, or what a configured proxy says of it
  std::string_view id;              // also in the answer's X-Request-Id and in the log
  std::size_t worker = 0;           // index of the server thread: key of per-thread state
  // Percent-decoded values of the route's {placeholders}, in order.
  std::span<const std::string> parameters;

  // The value of the first header of that name, or an empty view.
  std::string_view header(std::string_view name) const;
  std::size_t header_count(std::string_view name) const;
};

// An answer. The server adds Content-Length, Date, X-Request-Id, Connection and, on routes
// that ask for it, CORS. An empty content_type sends none.
struct Response {
  int status = 200;
  std::string_view content_type = "application/json";  // must outlive the response
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;

  // Back to the initial state, keeping the body's memory.
  void reset();
};

}  // namespace latchkey::http
