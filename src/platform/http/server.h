#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "platform/config/attributes.h"
#include "platform/http/message.h"
#include "platform/http/router.h"
#include "platform/time.h"

namespace latchkey::http {

// Limits of one server; each is an option of the configuration (see platform/config).
struct Limits {
  std::size_t max_body = 64 * 1024;                 // 413
  std::size_t max_headers = 16 * 1024;              // request line and headers together: 431
  std::size_t max_header_count = 64;                // 431
  std::size_t max_connections = 10'000;             // per server; past it, accepted and closed
  std::size_t max_connections_per_address = 1'000;  // trusted proxies exempt
  std::size_t max_pipelined = 16 * 1024;            // bytes read ahead of the request being served
  Duration first_byte_timeout{15'000};              // from accept to the first byte
  Duration request_timeout{15'000};  // from the first byte of a request to its last: 408
  Duration idle_timeout{75'000};     // between requests on a kept connection
  Duration write_timeout{15'000};    // a client that stops reading
  Duration drain_timeout{10'000};    // at SIGTERM, for requests in flight

  template <class Visitor>
  void options(Visitor& visit) {
    using config::Between;
    using std::chrono::hours;
    using std::chrono::milliseconds;
    visit("max_body", max_body,
          "The largest request body, in bytes; larger ones get 413. What a SAML provider sends may "
          "be larger.",
          Between{1024, 16 << 20});
    visit("max_headers", max_headers,
          "The largest request line and headers together, in bytes; larger ones get 431.",
          Between{1024, 1 << 20});
    visit("max_header_count", max_header_count, "The most headers of a request; more get 431.",
          Between{8, 1000});
    visit("max_connections", max_connections,
          "The most connections at a time; further ones are accepted and closed.",
          Between{1, 1'000'000});
    visit("max_connections_per_address", max_connections_per_address,
          "The most connections at a time from one address (IPv6: a /64), except from "
          "trusted_proxies and over Unix sockets.",
          Between{1, 1'000'000});
    visit("max_pipelined", max_pipelined,
          "The most bytes read ahead of the request being served. A connection's buffer is the "
          "larger of this and max_headers.",
          Between{1024, 1 << 20});
    visit("first_byte_timeout", first_byte_timeout,
          "How long a new connection may send nothing before it is closed.",
          Between{milliseconds{10}, hours{1}});
    visit("request_timeout", request_timeout,
          "How long a request may take from its first byte to its last; slower ones get 408.",
          Between{milliseconds{10}, hours{1}});
    visit("idle_timeout", idle_timeout,
          "How long a connection is kept open between two requests. Let it be longer than the "
          "reverse proxy's own.",
          Between{milliseconds{10}, hours{24}});
    visit("write_timeout", write_timeout,
          "How long a client may read nothing of its answer before it is cut off.",
          Between{milliseconds{10}, hours{1}});
    visit("drain_timeout", drain_timeout,
          "How long requests in flight are given when the server stops.",
          Between{milliseconds{0}, hours{1}});
  }
};

// `listen` stands by itself in the configuration; the rest is the group "http".
struct ServerOptions {
  std::vector<std::string> listen;           // "127.0.0.1:8008", "[::1]:8008", "unix:/path"
  unsigned unix_mode = 0660;                 // mode of a Unix socket's file
  std::size_t threads = 0;                   // 0: one for each core
  std::vector<std::string> trusted_proxies;  // addresses, CIDR, "unix"; see forwarded.h
  Limits limits;

  template <class Visitor>
  void options(Visitor& visit) {
    visit("threads", threads, "Server threads; 0 is one for each core.", config::Between{0, 1024});
    visit("trusted_proxies", trusted_proxies,
          "Reverse proxies whose X-Forwarded-For is believed: addresses, networks such as "
          "10.0.0.0/8, or unix for those that connect to a Unix socket.",
          config::Example{"[127.0.0.1, \"::1\"]"});
    visit.group("limits", limits, "Limits of the HTTP server.");
  }
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

int status_of(Refusal refusal);

struct Refused {
  Refusal refusal;
  const Request& request;           // without a path when its head could not be read
  const RouteData* data = nullptr;  // of its route (Router::Match)
  std::exception_ptr fault = {};    // what was thrown, to be logged by the hook
};

struct Hooks {
  // Renders a refusal. CORS and Allow are the server's to add. The hook may answer 503 where the
  // fault is one that passes.
  std::function<Response(const Refused&)> refuse;
  // Called after each answer, on the server's thread; must be cheap. `route` may be null.
  std::function<void(const Request&, const Router::Route* route, int status,
                     std::chrono::nanoseconds took)>
      done;
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
  // `router` must outlive the server. Throws std::runtime_error with a sentence for options
  // that cannot be: an entry of trusted_proxies that is no address.
  Server(ServerOptions options, const Router& router, Hooks hooks);
  // Stops at once. Handlers that still wait are abandoned, so whatever they wait for (the
  // database, the hash pool) must have been stopped before: it resumes them on the server's
  // threads, which are gone afterwards.
  ~Server();

  // Binds, starts the threads, returns. Throws std::runtime_error with a sentence that names
  // the address when it cannot listen.
  void start();

  // The port of the first TCP listener (for "127.0.0.1:0").
  std::uint16_t port() const;
  std::size_t worker_count() const;

  // From now on an answer is the last of its connection, and says so (RFC 9112 section 9.6).
  // Connections are accepted as before. For a server that is going to drain, and has told whoever
  // sends it requests to send them elsewhere: a proxy that keeps no connections to it has none left
  // that could be closed at the moment in which it sends something.
  void close_after_answers();

  // Stops accepting, answers what is in flight (with Connection: close), closes; returns when
  // all is closed or the drain timeout has passed. The threads have ended by then, so that
  // nothing touches what handlers wait for.
  void drain();

  ServerStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace latchkey::http
