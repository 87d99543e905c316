#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>

#include "domain/ground/lease.h"
#include "domain/sessions/sessions.h"
#include "platform/telemetry/log.h"
#include "platform/time.h"

namespace latchkey::app {

// The thread that writes down in batches what this node has noted and may be written late, and
// beats. It also keeps the lease on what one node does for all (clearing.h, sweeps.h).
class Housekeeping {
 public:
  // How often it does what.
  struct Intervals {
    // A crash keeps an older token alive for this long at most.
    Duration first_uses = std::chrono::milliseconds{500};
    Duration activity = std::chrono::seconds{10};
    // kHeartbeatMargin of domain/sessions counts on it.
    Duration heartbeat = std::chrono::seconds{60};
  };

  Housekeeping(sessions::Sessions& sessions, Lease& lease, telemetry::Log log)
      : Housekeeping(sessions, lease, std::move(log), Intervals()) {}
  Housekeeping(sessions::Sessions& sessions, Lease& lease, telemetry::Log log,
               const Intervals& intervals);
  // Ends the thread, writes what is left and gives the lease up.
  ~Housekeeping();

 private:
  void run(const std::stop_token& stop);
  void keep_lease();
  // Runs a task; a database that is away is logged once until it is back.
  template <class Task>
  void attempt(const char* what, const Task& task);

  sessions::Sessions& sessions_;
  Lease& lease_;
  telemetry::Log log_;
  const Intervals intervals_;
  bool failing_ = false;
  std::jthread thread_;
};

}  // namespace latchkey::app
