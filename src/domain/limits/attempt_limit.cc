#include "domain/limits/attempt_limit.h"

#include <algorithm>
#include <vector>

#include "platform/crypto/hash.h"

namespace latchkey::limits {
namespace {

// Fewer buckets are not worth a sweep.
constexpr std::size_t kFew = 1024;

}  // namespace

AttemptLimit::Digest AttemptLimit::digest(std::string_view key) {
  const auto whole = crypto::sha256(key);
  Digest result;
  std::copy_n(whole.begin(), result.size(), result.begin());
  return result;
}

std::optional<Duration> AttemptLimit::wait(const Digest& key, Time now) const {
  const auto found = empty_at_.find(key);
  if (found == empty_at_.end()) return std::nullopt;
  const Duration full = interval_ * static_cast<std::int64_t>(burst_);
  const Duration level = found->second - now;
  // A level above full comes from a clock that was set back: start anew.
  if (level > full) return std::nullopt;
  const Duration wait = level + interval_ - full;
  return wait > Duration{0} ? std::optional(wait) : std::nullopt;
}

void AttemptLimit::add(const Digest& key, Time now) {
  make_room(now);
  Time& empty_at = empty_at_.try_emplace(key, now).first->second;
  const Time full_at = now + interval_ * static_cast<std::int64_t>(burst_);
  if (empty_at > full_at) empty_at = now;  // as in wait()
  empty_at = std::min(std::max(empty_at, now) + interval_, full_at);
  if (empty_at > latest_.load(std::memory_order_relaxed)) latest_ = empty_at;
}

std::optional<Duration> AttemptLimit::blocked(std::string_view key, Time now) const {
  const Digest of = digest(key);
  const std::scoped_lock lock(mutex_);
  return wait(of, now);
}

std::optional<Duration> AttemptLimit::take(std::string_view key, Time now) {
  const Digest of = digest(key);
  const std::scoped_lock lock(mutex_);
  const auto blocked = wait(of, now);
  if (!blocked) add(of, now);
  return blocked;
}

void AttemptLimit::count(std::string_view key, Time now) {
  const Digest of = digest(key);
  const std::scoped_lock lock(mutex_);
  add(of, now);
}

void AttemptLimit::give_back(std::string_view key) {
  const Digest of = digest(key);
  const std::scoped_lock lock(mutex_);
  const auto found = empty_at_.find(of);
  if (found != empty_at_.end()) found->second -= interval_;
}

void AttemptLimit::forget(std::string_view key) {
  const Digest of = digest(key);
  const std::scoped_lock lock(mutex_);
  empty_at_.erase(of);
}

std::size_t AttemptLimit::size() const {
  const std::scoped_lock lock(mutex_);
  return empty_at_.size();
}

// Before a bucket is added: so seldom that it costs each attempt little.
void AttemptLimit::make_room(Time now) {
  if (empty_at_.size() < std::min(std::max(sweep_at_, kFew), most_)) return;
  std::erase_if(empty_at_, [now](const auto& bucket) { return bucket.second <= now; });
  if (empty_at_.size() >= most_) forget_the_emptiest();
  sweep_at_ = 2 * empty_at_.size();
}

// An eighth of them, so that the next seven eighths of a sweep's cost are spared.
void AttemptLimit::forget_the_emptiest() {
  std::vector<Time> levels;
  levels.reserve(empty_at_.size());
  for (const auto& [key, empty_at] : empty_at_) levels.push_back(empty_at);
  const auto wanted = static_cast<std::ptrdiff_t>(levels.size() / 8);
  std::ranges::nth_element(levels, levels.begin() + wanted);
  const Time limit = levels[static_cast<std::size_t>(wanted)];
  auto of_the_limit =
      wanted + 1 -
      std::count_if(levels.begin(), levels.begin() + wanted, [limit](Time t) { return t < limit; });
  std::erase_if(empty_at_, [&](const auto& bucket) {
    if (bucket.second != limit) return bucket.second < limit;
    return of_the_limit-- > 0;
  });
}

}  // namespace latchkey::limits
