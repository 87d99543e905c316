#pragma once

#include <atomic>
#include <cstddef>
#include <limits>

namespace latchkey::http {

// When the memory of connections goes back to the system, which costs milliseconds: while a great
// number of them goes, at each look that finds fewer, until none that finds no fewer; so also what
// the last of them leave behind. From any thread.
class ConnectionEbb {
 public:
  static constexpr std::size_t kGreat = 500;

  // So many are there.
  void rose(std::size_t now) {
    std::size_t most = most_.load(std::memory_order_relaxed);
    while (now > most && !most_.compare_exchange_weak(most, now)) {
    }
  }

  // A look now and then; true: it is time.
  bool gives_back(std::size_t now) {
    if (at_last_look_.load() == kNone && most_.load() < now + kGreat) return false;
    if (now < at_last_look_.exchange(now)) return true;
    most_ = now;
    at_last_look_ = kNone;
    return false;
  }

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  std::atomic<std::size_t> most_{0};  // since the last ebb ended
  std::atomic<std::size_t> at_last_look_{kNone};
};

}  // namespace latchkey::http
