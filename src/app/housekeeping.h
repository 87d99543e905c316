#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>
#include <utility>

#include "domain/sessions/sessions.h"
#include "platform/telemetry/log.h"
#include "platform/time.h"

namespace latchkey::app {

// The thread that writes down in batches what may be written late, beats, and clears away.
class Housekeeping {
 public:
  // How often it does what.
  struct Intervals {
    // A crash keeps an older token alive for this long at most.
    Duration first_uses = std::chrono::milliseconds{500};
    Duration activity = std::chrono::seconds{10};
    // kHeartbeatMargin of domain/sessions counts on it.
    Duration heartbeat = std::chrono::seconds{60};
    Duration purge = std::chrono::hours{1};
  };

  // `purge` deletes what others than the sessions keep no longer.
  Housekeeping(sessions::Sessions& sessions, std::function<void()> purge, telemetry::Log log)
      : Housekeeping(sessions, std::move(purge), std::move(log), Intervals()) {}
  Housekeeping(sessions::Sessions& sessions, std::function<void()> purge, telemetry::Log log,
               const Intervals& intervals);
  // Ends the thread and writes what is left.
  ~Housekeeping();

 private:
  void run(const std::stop_token& stop);
  // Runs a task; a database that is away is logged once until it is back.
  template <class Task>
  void attempt(const char* what, const Task& task);

  sessions::Sessions& sessions_;
  const std::function<void()> purge_;
  telemetry::Log log_;
  const Intervals intervals_;
  bool failing_ = false;
  std::jthread thread_;
};

}  // namespace latchkey::app
