#include "app/clearing.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

namespace latchkey::app {
namespace {

using Steady = std::chrono::steady_clock;

// How soon a node notices that the lease has come to it.
constexpr std::chrono::seconds kLook{1};

std::int64_t millis_since(Steady::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - begin).count();
}

}  // namespace

Clearing::Clearing(Parts parts) : parts_(std::move(parts)) {
  parts_.metrics.gauge("latchkey_clearing", "Whether this node clears the database for all.",
                       [this] { return parts_.lease.held() ? 1.0 : 0.0; });
  parts_.metrics.counter("latchkey_cleared_rows_total",
                         "Rows that this node has removed because they were over.",
                         [this] { return static_cast<double>(removed_.load()); }, {});
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

template <class Task>
void Clearing::attempt(const char* what, const Task& task) {
  try {
    task();
  } catch (const std::exception& fault) {
    parts_.log.warning("clearing away failed", {{"task", what}, {"fault", fault.what()}});
  }
}

void Clearing::run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  Steady::time_point due = Steady::now() + parts_.interval;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex);
      wake.wait_until(lock, stop, std::max(due, Steady::now() + kLook), [] { return false; });
    }
    if (stop.stop_requested() || !parts_.lease.held()) continue;
    clear(stop);
    due = Steady::now() + parts_.interval;
  }
}

void Clearing::clear(const std::stop_token& stop) {
  const Batches batches([&] { return !stop.stop_requested() && parts_.lease.held(); });
  const Steady::time_point begin = Steady::now();
  attempt("purge sessions", [&] { parts_.sessions.purge(batches); });
  attempt("purge what people left half done", [&] { parts_.purge(batches); });
  bool left = true;
  while (left && batches.go_on()) {
    left = false;
    attempt("delete unused devices", [&] { left = parts_.sessions.delete_unused_devices(); });
  }
  removed_ += batches.removed();
  parts_.log.debug("cleared away", {{"rows", batches.removed()}, {"ms", millis_since(begin)}});
}

}  // namespace latchkey::app
