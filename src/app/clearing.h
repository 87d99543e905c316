#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>

#include "domain/ground/batches.h"
#include "domain/ground/lease.h"
#include "domain/sessions/sessions.h"
#include "platform/config/bounds.h"
#include "platform/telemetry/log.h"
#include "platform/telemetry/metrics.h"
#include "platform/time.h"

namespace latchkey::app {

// The options of `clearing:`.
struct ClearingOptions {
  Duration interval = std::chrono::hours{1};

  template <class Visitor>
  void options(Visitor& visit) {
    using namespace std::chrono_literals;
    visit("interval", interval,
          "How often rows that are over are removed from the database. With several nodes one of "
          "them does it for all.",
          config::Between{1s, std::chrono::hours{24}});
  }
};

// The thread that removes what is over: ended sessions, codes, unfinished sign-ins, devices that
// nobody uses. One node does it for all, whoever has the lease; what is due on a node that has not
// waits there until the lease comes to it. Apart from housekeeping.h, whose work must not wait for
// this.
class Clearing {
 public:
  struct Parts {
    sessions::Sessions& sessions;
    const Lease& lease;
    // Removes what others than the sessions keep no longer.
    std::function<void(const Batches& batches)> purge;
    telemetry::Registry& metrics;
    telemetry::Log log;
    Duration interval;
  };
  explicit Clearing(Parts parts);
  // Ends the thread after the batch at hand.
  ~Clearing() = default;

 private:
  void run(const std::stop_token& stop);
  void clear(const std::stop_token& stop);
  template <class Task>
  // Runs a task; one that fails keeps none of the others from being done.
  void attempt(const char* what, const Task& task);

  const Parts parts_;
  std::atomic<std::int64_t> removed_{0};
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace latchkey::app
