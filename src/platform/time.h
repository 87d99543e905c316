#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace latchkey {

// Wall-clock times and spans, in whole milliseconds, as the database keeps them.
using Duration = std::chrono::milliseconds;
using Time = std::chrono::sys_time<Duration>;

// A limit that may be absent: nullopt is "never" in the configuration.
using Limit = std::optional<Duration>;

constexpr std::int64_t to_millis(Time time) { return time.time_since_epoch().count(); }
constexpr Time from_millis(std::int64_t millis) { return Time{Duration{millis}}; }

// The wall clock. Rules take a Time; only the edges hold a Clock.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Time now() const override {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
  }
};

// A clock for tests, moved by hand.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start) : now_(start) {}
  Time now() const override { return now_; }
  void advance(Duration span) { now_ += span; }

 private:
  Time now_;
};

}  // namespace latchkey
