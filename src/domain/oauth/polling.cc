#include "domain/oauth/polling.h"

namespace latchkey::oauth {
namespace {

// Of a clock and a network that are not exact.
constexpr Duration kTolerance = std::chrono::seconds{1};
// Longer than a device code lives.
constexpr Duration kForgotten = std::chrono::hours{1};

}  // namespace

bool Polling::allow(const std::string& hash, Time now) {
  const std::scoped_lock lock(mutex_);
  if (seen_.size() >= kMost) {
    std::erase_if(seen_, [now](const auto& entry) { return now - entry.second.at > kForgotten; });
    if (seen_.size() >= kMost) seen_.clear();
  }
  const auto [entry, first] = seen_.try_emplace(hash, Seen{now});
  if (first) return true;
  Seen& seen = entry->second;
  const bool soon = now >= seen.at && now - seen.at < seen.interval - kTolerance;
  seen.at = now;
  if (soon) seen.interval += kInterval;
  return !soon;
}

void Polling::forget(const std::string& hash) {
  const std::scoped_lock lock(mutex_);
  seen_.erase(hash);
}

}  // namespace latchkey::oauth
