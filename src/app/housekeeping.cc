#include "app/housekeeping.h"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

namespace latchkey::app {
namespace {

using Steady = std::chrono::steady_clock;

}  // namespace

Housekeeping::Housekeeping(sessions::Sessions& sessions, Lease& lease, telemetry::Log log,
                           const Intervals& intervals)
    : sessions_(sessions),
      lease_(lease),
      log_(std::move(log)),
      intervals_(intervals),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Housekeeping::~Housekeeping() {
  thread_.request_stop();
  thread_.join();
  attempt("write first uses", [this] { sessions_.flush_promotions(); });
  attempt("write activity", [this] { sessions_.flush_activity(); });
  attempt("beat", [this] { sessions_.heartbeat(); });
  attempt("give up the lease", [this] { lease_.give_up(); });
}

template <class Task>
void Housekeeping::attempt(const char* what, const Task& task) {
  try {
    task();
    failing_ = false;
  } catch (const std::exception& fault) {
    if (!failing_) log_.warning("housekeeping failed", {{"task", what}, {"fault", fault.what()}});
    failing_ = true;
  }
}

void Housekeeping::keep_lease() {
  const bool before = lease_.held();
  lease_.keep();
  if (!before && lease_.held()) log_.info("this node clears away for all, from now on");
}

void Housekeeping::run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  Steady::time_point activity = Steady::now() + intervals_.activity;
  Steady::time_point heartbeat = Steady::now() + intervals_.heartbeat;
  Steady::time_point lease = Steady::now();
  const auto due = [](Steady::time_point& at, Steady::duration interval) {
    if (Steady::now() < at) return false;
    at = Steady::now() + interval;
    return true;
  };
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, intervals_.first_uses, [] { return false; });
    }
    attempt("write first uses", [this] { sessions_.flush_promotions(); });
    attempt("take new keys", [this] { sessions_.take_announced_keys(); });
    if (due(activity, intervals_.activity)) {
      attempt("write activity", [this] { sessions_.flush_activity(); });
    }
    if (due(heartbeat, intervals_.heartbeat)) attempt("beat", [this] { sessions_.heartbeat(); });
    if (due(lease, lease_.times().renewed)) attempt("keep the lease", [this] { keep_lease(); });
  }
}

}  // namespace latchkey::app
