#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "platform/http/message.h"
#include "platform/http/router.h"
#include "platform/time.h"

namespace latchkey::http {

// Limits of one server; each is an option of the configuration (see platform/config).
struct Limits {
  std::size_t max_body = 64 * 1024;         // 413
  std::size_t max_headers = 16 * 1024;      // request line and headers together: 431
  std::size_t max_header_count = 64;        // 431
  std::size_t max_connections = 10'000;     // per server; past it, accepted and closed
  std::size_t max_pipelined = 16 * 1024;    // bytes read ahead of the request being served
  Duration first_byte_timeout{15'000};      // from accept to the first byte
  Duration request_timeout{15'000};         // from the first byte of a request to its last: 408
  Duration idle_timeout{75'000};            // between requests on a kept connection
  Duration write_timeout{15'000};           // a client that stops reading
  Duration drain_timeout{10'000};           // at SIGTERM, for requests in flight
};

struct ServerOptions {
  std::vector<std::string> listen;           // "127.0.0.1:8008", "[::1]:8008", "unix:/path"
  unsigned unix_mode = 0660;                 // mode of a Unix socket's file
  std::size_t threads = 0;                   // 0: one for each core
  std::vector<std::string> trusted_proxies;  // addresses or CIDR; X-Forwarded-For is believed
  Limits limits;
};

// Why the server answers itself instead of a handler. The surfaces decide how it reads.
enum class Refusal {
  bad_request,         // 400: not HTTP/1.1 as RFC 9112 has it
  not_found,           // 404
  method_not_allowed,  // 405
  timeout,             // 408
  body_too_large,      // 413
  headers_too_large,   // 431
  fault,               // 500: an exception reached the server
  unavailable,         // 503: draining, or a passing fault
};

struct Hooks {
  // Renders a refusal. For fault and unavailable `fault` holds what was thrown, to be logged
  // there; the hook may answer 503 where the fault is one that passes.
  std::function<Response(Refusal, const Request*, std::exception_ptr fault)> refuse;
  // Called after each answer, on the server's thread; must be cheap. `route` may be null.
  std::function<void(const Request&, const Router::Route* route, int status, Duration took)> done;
};

struct ServerStats {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;
  std::uint64_t requests = 0;
};

// HTTP/1.1 on several threads: each its own io_context and SO_REUSEPORT acceptor; a Unix
// socket has one acceptor that deals connections out in turn.
class Server {
 public:
  // `router` must outlive the server.
  Server(ServerOptions options, const Router& router, Hooks hooks);
  ~Server();  // stops at once

  // Binds, starts the threads, returns. Throws std::runtime_error with a sentence that names
  // the address when it cannot listen.
  void start();

  // The port of the first TCP listener (for "127.0.0.1:0").
  std::uint16_t port() const;
  std::size_t worker_count() const;

  // Stops accepting, answers what is in flight (with Connection: close), closes; returns when
  // all is closed or the drain timeout has passed.
  void drain();

  ServerStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace latchkey::http
