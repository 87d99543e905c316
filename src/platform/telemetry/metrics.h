#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Metrics for Prometheus, counted for each worker apart and summed when they are read, so that
// counting never shares a cache line between the server's threads.
namespace latchkey::telemetry {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  explicit Counter(std::size_t workers);
  // `worker` is http::Request::worker; any other number is fine too, only slower.
  void add(std::size_t worker, std::uint64_t count = 1) {
    slots_[worker % workers_].value.fetch_add(count, std::memory_order_relaxed);
  }
  std::uint64_t value() const;

 private:
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> value{0};
  };
  std::size_t workers_;
  std::unique_ptr<Slot[]> slots_;
};

class Histogram {
 public:
  // `bounds` rise; each bucket counts what is at most its bound, one more the rest.
  Histogram(std::size_t workers, std::vector<double> bounds);
  ~Histogram();
  void observe(std::size_t worker, double value);

  struct Snapshot {
    std::vector<std::uint64_t> cumulative;  // one for each bound, then all
    double sum = 0;
  };
  Snapshot snapshot() const;
  const std::vector<double>& bounds() const { return bounds_; }

 private:
  struct Slot;
  std::vector<double> bounds_;
  std::vector<std::unique_ptr<Slot>> slots_;
};

// Seconds, from 100 µs to 10 s.
std::vector<double> latency_bounds();

// All metrics of a process. Names follow Prometheus' conventions ("latchkey_logins_total",
// "latchkey_request_seconds"); one name has one kind and one help text.
class Registry {
 public:
  explicit Registry(std::size_t workers);
  ~Registry();

  // The metric of that name and those labels, made when there is none. It lives as long as the
  // registry. Throws std::invalid_argument for a name Prometheus would refuse or one that is
  // taken by another kind. For start-up: takes a lock.
  Counter& counter(const std::string& name, const std::string& help, Labels labels = {});
  Histogram& histogram(const std::string& name, const std::string& help, std::vector<double> bounds,
                       Labels labels = {});

  // Values that are asked for when the metrics are read, from any thread.
  void gauge(const std::string& name, const std::string& help, std::function<double()> read,
             Labels labels = {});
  void counter(const std::string& name, const std::string& help, std::function<double()> read,
               Labels labels);

  // Prometheus' text format.
  std::string render() const;
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace latchkey::telemetry
