#pragma once

#include <chrono>
#include <stop_token>

namespace latchkey {

// Within these a call of another server has to come back.
struct CallLimits {
  std::chrono::steady_clock::time_point deadline;
  std::stop_token stop = {};
};

}  // namespace latchkey
