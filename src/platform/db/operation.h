#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <utility>

#include "platform/db/database.h"

namespace latchkey::db {

// One read or write on its way through the queue.
struct Operation {
  using Clock = std::chrono::steady_clock;

  Operation(Job what, std::move_only_function<void(std::exception_ptr)> then)
      : job(what), done(std::move(then)) {}
  Operation(OneStatement& what, std::move_only_function<void(std::exception_ptr)> then)
      : job(what), one(&what), done(std::move(then)) {}

  Job job;
  const OneStatement* one = nullptr;  // all that the job runs, if it is one statement
  std::move_only_function<void(std::exception_ptr)> done;
  bool synced = true;  // of a write: its commit is on the disk when it is done
  Clock::time_point enqueued = Clock::now();

  Duration waited() const { return std::chrono::duration_cast<Duration>(Clock::now() - enqueued); }
};

}  // namespace latchkey::db
