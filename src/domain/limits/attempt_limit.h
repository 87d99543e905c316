#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>

#include "platform/time.h"

namespace latchkey::limits {

// A leaky bucket for each key: `burst` in a row, then one for each interval. For all threads.
//
// Remembers only keys that are not empty again, and of those the `most` fullest: when there are
// more, the emptiest are forgotten first, among equals the oldest. Who makes up keys gets back
// a few tries of keys that were used once or twice; a full bucket would take him `most` keys as
// full, each of as many tries. A bucket is about 64 bytes, whatever the length of its key.
class AttemptLimit {
 public:
  static constexpr std::size_t kMost = 100'000;

  AttemptLimit(std::size_t burst, Duration interval, std::size_t most = kMost)
      : burst_(burst), interval_(interval), most_(most) {}

  // How long until the key may try again; absent: now.
  std::optional<Duration> blocked(std::string_view key, Time now) const;
  // The same, and counts the try unless it is blocked.
  std::optional<Duration> take(std::string_view key, Time now);
  // Counts in any case; a full bucket stays full.
  void count(std::string_view key, Time now);

  // One that was counted does not count after all.
  void give_back(std::string_view key);
  void forget(std::string_view key);

  std::size_t size() const;
  // Every bucket is empty. Without the lock, for what every request asks; may be late to say so.
  bool idle(Time now) const { return now >= latest_.load(std::memory_order_relaxed); }

 private:
  // Of SHA-256, so that nobody makes two keys meet.
  using Digest = std::array<std::uint8_t, 16>;
  static Digest digest(std::string_view key);

  std::optional<Duration> wait(const Digest& key, Time now) const;
  void add(const Digest& key, Time now);
  void make_room(Time now);
  void forget_the_emptiest();

  const std::size_t burst_;
  const Duration interval_;
  const std::size_t most_;
  mutable std::mutex mutex_;
  // When the bucket will be empty. A tree: no choice of keys makes it slow.
  std::map<Digest, Time> empty_at_;
  std::size_t sweep_at_ = 0;
  std::atomic<Time> latest_ = Time::min();  // when all of them will be
};

}  // namespace latchkey::limits
