#include "domain/outbox/retry.h"

#include <algorithm>

namespace latchkey::outbox {
namespace {

constexpr Duration kFirst = std::chrono::seconds{1};
constexpr Duration kCap = std::chrono::minutes{1};

}  // namespace

Duration retry_delay(int failures, std::optional<Duration> asked, double chance) {
  Duration span = kFirst;
  for (int i = 1; i < failures && span < kCap; ++i) span *= 2;
  span = std::min(span, kCap);
  const auto half = static_cast<double>(span.count()) / 2;
  const Duration delay{static_cast<std::int64_t>(half + half * std::clamp(chance, 0.0, 1.0))};
  return std::clamp(asked.value_or(Duration{0}), delay, kLongestDelay);
}

}  // namespace latchkey::outbox
