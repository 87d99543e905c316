#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "domain/providers/provider.h"
#include "outbound/provider_calls/calls.h"
#include "platform/time.h"

namespace latchkey::outbound {

// Something of the provider's that is fetched when it is first needed, and again now and then. One
// thread fetches; the others take what was known, or wait when nothing was. What is known outlasts
// a provider that is down. For any number of threads.
template <class T>
class Cached {
 public:
  using Pointer = std::shared_ptr<const T>;
  using Result = providers::Reply<Pointer>;
  using Fetch = std::function<providers::Reply<T>(const CallLimits&)>;

  // When somebody else may ask for a renewal again. One for each kind of caller, so that strangers
  // use up no one's but their own.
  struct Budget {
    std::optional<Time> next = {};
  };

  static constexpr Duration kFresh = std::chrono::hours{1};
  static constexpr Duration kKept = std::chrono::hours{24};         // beyond errors
  static constexpr Duration kAfterError = std::chrono::minutes{1};  // until it is tried again
  static constexpr Duration kBetweenRenewals = std::chrono::seconds{30};

  Cached(const Clock& clock, Fetch fetch) : clock_(clock), fetch_(std::move(fetch)) {}

  Result get(const CallLimits& limits) {
    std::unique_lock lock(mutex_);
    const Time now = clock_.now();
    if (usable(now) && (fetching_ || !due(now))) return value_;
    return fetching_ ? wait(lock, limits) : fetch(lock, limits);
  }

  // What is known when `seen` did not do: fetched anew, unless somebody has done that since, or the
  // budget is used up.
  Result renew(const Pointer& seen, Budget& budget, const CallLimits& limits) {
    std::unique_lock lock(mutex_);
    if (value_ && value_ != seen) return value_;
    if (fetching_) return wait(lock, limits);
    const Time now = clock_.now();
    if (value_ && budget.next && now < *budget.next && *budget.next - now <= kBetweenRenewals) {
      return value_;
    }
    budget.next = now + kBetweenRenewals;
    return fetch(lock, limits);
  }

  // As it was fetched last; none: never.
  Pointer known() const {
    const std::scoped_lock lock(mutex_);
    return value_;
  }

 private:
  // A clock that was put back must not keep it for ever.
  bool usable(Time now) const {
    return value_ && now >= fetched_at_ - kFresh && now < fetched_at_ + kKept;
  }
  bool due(Time now) const { return now >= next_ || now < fetched_at_; }

  Result wait(std::unique_lock<std::mutex>& lock, const CallLimits& limits) {
    const std::uint64_t round = rounds_;
    const bool over =
        done_.wait_until(lock, limits.stop, limits.deadline, [&] { return rounds_ != round; });
    if (usable(clock_.now())) return value_;
    if (!over || !last_) {
      return std::unexpected(failure(providers::Failure::Why::unavailable, "timed_out",
                                     "the provider has not answered in time"));
    }
    return std::unexpected(*last_);
  }

  Result fetch(std::unique_lock<std::mutex>& lock, const CallLimits& limits) {
    fetching_ = true;
    lock.unlock();
    providers::Reply<T> made = std::unexpected(providers::Failure{});
    try {
      made = fetch_(limits);
    } catch (...) {
      finish(lock);
      throw;
    }
    finish(lock);
    const Time now = clock_.now();
    if (made) {
      value_ = std::make_shared<const T>(std::move(*made));
      fetched_at_ = now;
      next_ = now + kFresh;
      return value_;
    }
    last_ = std::move(made.error());
    next_ = now + kAfterError;
    if (usable(now)) return value_;
    return std::unexpected(*last_);
  }

  void finish(std::unique_lock<std::mutex>& lock) {
    lock.lock();
    fetching_ = false;
    ++rounds_;
    done_.notify_all();
  }

  const Clock& clock_;
  const Fetch fetch_;
  mutable std::mutex mutex_;
  std::condition_variable_any done_;
  bool fetching_ = false;
  std::uint64_t rounds_ = 0;
  Pointer value_;
  Time fetched_at_{};
  Time next_{};
  std::optional<providers::Failure> last_;
};

}  // namespace latchkey::outbound
