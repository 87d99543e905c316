#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/histogram.h"

namespace latchkey::bench {

// A request as text around one changing word.
struct RequestTemplate {
  std::string before;
  std::string after;
};

struct LoadPlan {
  std::uint16_t port = 0;
  std::size_t connections = 64;
  RequestTemplate request;
  std::vector<std::string> words;         // cycled through, one for each request
  std::uint64_t warm_up = 0;              // requests that are not counted
  std::uint64_t requests = 0;             // counted ones; 0: until `span` is over
  std::chrono::duration<double> span{0};  // 0: until `requests` are done
  // Never sleep: waking the load generator would be on the server's bill, and more so the slower
  // the server is. For servers that leave this CPU alone.
  bool poll = false;
  int measured_process = 0;  // whose CPU time is taken; 0: none
};

struct LoadResult {
  std::uint64_t requests = 0;
  std::uint64_t not_ok = 0;  // answers other than 200
  double seconds = 0;
  double cpu_seconds = 0;    // of the measured process, user and system
  std::string first_answer;  // whole, with its headers
  Histogram latency;
};

// Runs a closed loop over keep-alive connections: each sends its next request when the answer to
// its last one is complete. Throws std::runtime_error when the server closes a connection.
LoadResult run_load(const LoadPlan& plan);

}  // namespace latchkey::bench
