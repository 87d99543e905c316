#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <stop_token>
#include <string>

#include "platform/time.h"

// Requests that this program makes of others: one at a time, on the caller's thread, which waits.
// Nothing is taken from the answer but what was asked for: no redirect is followed, no cookie is
// kept, no authentication is tried, and a body ends where the caller has read enough. For any
// number of threads.
namespace latchkey::http_client {

struct Request {
  std::string method = "POST";
  std::string url;               // http or https, whose certificate has to be good
  std::string unix_socket = {};  // to connect to, whatever the address says
  std::string content_type = {};
  std::string accept = "*/*";
  // The value of Authorization; empty: none is sent.
  std::string authorization = {};
  std::string body = {};
  std::size_t most_bytes = 0;  // of the answer's body that are read
  // Of a place that is asked again and again: the connection is kept, and no proxy of the
  // environment is used.
  bool neighbour = false;
  // Of a place that is asked now and then: the connection is kept.
  bool kept = false;
  // Whose certificates are good there (PEM), instead of those that this machine trusts.
  std::string ca_file = {};
  std::optional<std::chrono::steady_clock::time_point> deadline = {};  // absent: none
  std::stop_token stop = {};                                           // heard within a second
};

struct Answer {
  int status = 0;
  std::string body;  // up to most_bytes
  std::optional<std::chrono::seconds> retry_after;
  std::optional<Time> date;  // what its sender's clock said
};

// Why there is no answer.
struct Failure {
  enum class Kind : std::uint8_t {
    not_connected,  // so it has not arrived either
    not_trusted,    // its certificate is not good; nothing was sent
    timed_out,
    stopped,  // also before it began, when the deadline was over
    broken,
  };
  Kind kind = Kind::broken;
  std::string sentence;  // for the log
};

std::expected<Answer, Failure> send(const Request& request);

}  // namespace latchkey::http_client
