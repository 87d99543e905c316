#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

#include "platform/time.h"

namespace latchkey::oauth {

// How often each device asks whether its person has decided (RFC 8628 section 3.5). In memory, for
// each node of its own: a poll writes nothing.
class Polling {
 public:
  static constexpr Duration kInterval = std::chrono::seconds{5};
  static constexpr std::size_t kMost = 10'000;

  // False: too soon after the last one, and from now on it has to wait 5 s longer each time
  // (`slow_down`).
  bool allow(const std::string& hash, Time now);
  void forget(const std::string& hash);

 private:
  struct Seen {
    Time at;
    Duration interval = kInterval;
  };
  std::mutex mutex_;
  std::unordered_map<std::string, Seen> seen_;
};

}  // namespace latchkey::oauth
