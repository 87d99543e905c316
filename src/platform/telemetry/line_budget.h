#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace latchkey::telemetry {

// Lets at most so many lines in a second through, for those that an outage or strangers cause as
// often as they like: the log must not fill the disk. For all threads.
class LineBudget {
 public:
  using Clock = std::chrono::steady_clock;

  explicit LineBudget(std::uint32_t most) : most_(most) {}

  // Whether this line may be written.
  bool take(Clock::time_point now = Clock::now()) {
    const auto second = static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count());
    std::uint64_t seen = state_.load(std::memory_order_relaxed);
    for (;;) {
      // A thread that looked at the clock before another counts with it.
      const bool begins = second > seen >> kCountBits;
      const std::uint64_t begin = begins ? second << kCountBits : seen;
      if ((begin & kCountMask) >= most_) return false;
      if (state_.compare_exchange_weak(seen, begin + 1, std::memory_order_relaxed)) return true;
    }
  }

 private:
  static constexpr unsigned kCountBits = 24;
  static constexpr std::uint64_t kCountMask = (std::uint64_t{1} << kCountBits) - 1;

  const std::uint32_t most_;
  std::atomic<std::uint64_t> state_{0};  // the second, and how many lines it has had
};

}  // namespace latchkey::telemetry
