#pragma once

#include <functional>
#include <stop_token>
#include <thread>

#include "domain/sessions/sessions.h"
#include "platform/telemetry/log.h"

namespace latchkey::app {

// The thread that writes down in batches what may be written late, beats, and clears away.
class Housekeeping {
 public:
  // `purge` deletes, once an hour, what others than the sessions keep no longer.
  Housekeeping(sessions::Sessions& sessions, std::function<void()> purge, telemetry::Log log);
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
  bool failing_ = false;
  std::jthread thread_;
};

}  // namespace latchkey::app
