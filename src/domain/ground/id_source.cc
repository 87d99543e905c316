#include "domain/ground/id_source.h"

#include <algorithm>

#include "platform/crypto/random.h"

namespace latchkey {
void IdSource::raise(Time floor) {
  const std::int64_t at = to_millis(floor);
  std::int64_t seen = newest_.load();
  while (seen < at && !newest_.compare_exchange_weak(seen, at)) {
  }
}

std::int64_t IdSource::next_number(Time now) {
  constexpr std::int64_t kRandomMask = (std::int64_t{1} << kRandomBits) - 1;
  raise(now);
  const auto random = static_cast<std::int64_t>(crypto::random_uint64()) & kRandomMask;
  return (newest_.load() << kRandomBits) | random;
}

Time IdSource::clock(Time now) const { return std::max(now, from_millis(newest_.load())); }

}  // namespace latchkey
