#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/histogram.h"
#include "bench/request_template.h"

namespace latchkey::bench {

// One request of a pass, and what is taken from its answer for the next one.
struct Step {
  RequestTemplate request;
  std::optional<Taking> take = {};
};

struct LoadPlan {
  std::uint16_t port = 0;
  std::size_t connections = 64;
  std::vector<Step> steps;                // of a pass, one after the other on one connection
  std::vector<std::string> words;         // cycled through, one for each pass
  bool replace_words = false;             // what a pass took last is its word from then on
  std::uint64_t warm_up = 0;              // passes that are not counted
  std::uint64_t requests = 0;             // counted passes; 0: until `span` is over
  std::chrono::duration<double> span{0};  // 0: until `requests` are done
  // Never sleep: waking the load generator would be on the server's bill, and more so the slower
  // the server is. For servers that leave this CPU alone.
  bool poll = false;
  // Passes a second over all connections, begun when they are due and not when there is time for
  // them: what they take counts from then. 0: as many as there is time for.
  double rate = 0;
  // A connection that the server closes is opened anew; its pass counts as broken. One that is
  // refused ends there, and its word is used again.
  bool reopen = false;
  int measured_process = 0;  // whose CPU time is taken; 0: none
};

// A request that was not answered with 200.
struct Failed {
  std::size_t step = 0;
  std::string answer;  // its beginning; empty: the connection was closed
  std::chrono::system_clock::time_point at;
};

struct LoadResult {
  static constexpr std::size_t kMostFailed = 100;

  std::uint64_t requests = 0;  // passes; of one step, usually
  std::uint64_t not_ok = 0;    // that ended with an answer other than 200
  std::uint64_t broken = 0;    // that had no answer, with `reopen`
  std::vector<Failed> failed;  // with `reopen`, the first of them
  double seconds = 0;
  double cpu_seconds = 0;    // of the measured process, user and system
  std::string first_answer;  // whole, with its headers
  Histogram latency;
  std::vector<std::string> words;  // with replace_words: as the passes left them
  std::vector<std::string> taken;  // what each pass took last
};

// Runs a closed loop over keep-alive connections: each sends its next request when the answer to
// its last one is complete; with a rate an open one, in which requests do not wait for answers but
// for a free connection. Throws std::runtime_error when the server closes a connection that is not
// to be opened anew, or an answer has nothing of what is to be taken from it.
LoadResult run_load(LoadPlan plan);

}  // namespace latchkey::bench
