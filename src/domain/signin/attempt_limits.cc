#include "domain/signin/attempt_limits.h"

#include <algorithm>

namespace latchkey::signin {
namespace {

std::string key(std::string_view kind, std::string_view of) {
  return std::string(kind).append(" ").append(of);
}

}  // namespace

std::optional<Duration> AttemptLimit::blocked(const std::string& key, Time now) const {
  const std::scoped_lock lock(mutex_);
  const auto found = empty_at_.find(key);
  if (found == empty_at_.end()) return std::nullopt;
  const Duration full = interval_ * static_cast<std::int64_t>(burst_);
  const Duration level = found->second - now;
  // A level above full plus one comes from a clock that was set back: start anew.
  if (level > full + interval_) return std::nullopt;
  const Duration wait = level + interval_ - full;
  return wait > Duration{0} ? std::optional(wait) : std::nullopt;
}

void AttemptLimit::count(const std::string& key, Time now) {
  const std::scoped_lock lock(mutex_);
  if (empty_at_.size() >= sweep_at_) forget_the_empty(now);
  Time& empty_at = empty_at_.try_emplace(key, now).first->second;
  const Time full_at = now + interval_ * static_cast<std::int64_t>(burst_);
  empty_at = std::min(std::max(empty_at, now) + interval_, full_at);
}

void AttemptLimit::forget_the_empty(Time now) {
  std::erase_if(empty_at_, [now](const auto& bucket) { return bucket.second <= now; });
  sweep_at_ = std::max<std::size_t>(1024, 2 * empty_at_.size());
}

std::optional<Duration> AttemptLimits::sign_in_blocked(std::string_view address,
                                                       std::string_view account, Time now) const {
  if (!enabled_) return std::nullopt;
  const auto by_address = failures_.blocked(key("address", address), now);
  const auto by_account = failures_.blocked(key("account", account), now);
  return std::max(by_address, by_account);
}

void AttemptLimits::sign_in_failed(std::string_view address, std::string_view account, Time now) {
  failures_.count(key("address", address), now);
  failures_.count(key("account", account), now);
}

std::optional<Duration> AttemptLimits::token_blocked(std::string_view address, Time now) const {
  return enabled_ ? failures_.blocked(key("token", address), now) : std::nullopt;
}

void AttemptLimits::token_failed(std::string_view address, Time now) {
  failures_.count(key("token", address), now);
}

std::optional<Duration> AttemptLimits::registration_blocked(std::string_view address, Time now) {
  if (!enabled_) return std::nullopt;
  const std::string of(address);
  if (auto wait = registrations_.blocked(of, now)) return wait;
  registrations_.count(of, now);
  return std::nullopt;
}

}  // namespace latchkey::signin
