#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "platform/config/bounds.h"
#include "platform/time.h"

namespace latchkey::signin {

// The options of `rate_limits:`.
struct AttemptLimitOptions {
  bool enabled = true;
  std::size_t failures = 20;
  Duration failure_interval = std::chrono::seconds{5};
  std::size_t registrations = 10;
  Duration registration_interval = std::chrono::minutes{1};

  template <class Visitor>
  void options(Visitor& visit) {
    using namespace std::chrono_literals;
    visit("enabled", enabled, "Whether failed attempts are limited at all.");
    visit("failures", failures,
          "How many attempts (sign-in, refresh) may fail in a row, for each address and for each "
          "account; past it the answer is 429.",
          config::Between{1, 100'000});
    visit("failure_interval", failure_interval, "After how long one more may fail.",
          config::Between{1ms, 24h});
    visit("registrations", registrations, "How many accounts an address may create in a row.",
          config::Between{1, 100'000});
    visit("registration_interval", registration_interval,
          "After how long an address may create one more.", config::Between{1ms, 24h});
  }
};

// A leaky bucket for each key: `burst` in a row, then one for each interval. Remembers only keys
// that are not empty again. For all threads.
class AttemptLimit {
 public:
  AttemptLimit(std::size_t burst, Duration interval) : burst_(burst), interval_(interval) {}

  // How long until the key may try again; absent: now.
  std::optional<Duration> blocked(const std::string& key, Time now) const;
  void count(const std::string& key, Time now);

 private:
  void forget_the_empty(Time now);

  const std::size_t burst_;
  const Duration interval_;
  mutable std::mutex mutex_;
  // When the bucket will be empty.
  std::unordered_map<std::string, Time> empty_at_;
  std::size_t sweep_at_ = 1024;
};

// Which attempts are limited. Only failures are counted, but for registrations.
class AttemptLimits {
 public:
  explicit AttemptLimits(const AttemptLimitOptions& options)
      : enabled_(options.enabled),
        failures_(options.failures, options.failure_interval),
        registrations_(options.registrations, options.registration_interval) {}

  std::optional<Duration> sign_in_blocked(std::string_view address, std::string_view account,
                                          Time now) const;
  void sign_in_failed(std::string_view address, std::string_view account, Time now);

  // Tokens that no server key made: somebody is guessing.
  std::optional<Duration> token_blocked(std::string_view address, Time now) const;
  void token_failed(std::string_view address, Time now);

  // Counts the registration unless it is blocked.
  std::optional<Duration> registration_blocked(std::string_view address, Time now);

 private:
  const bool enabled_;
  AttemptLimit failures_;
  AttemptLimit registrations_;
};

}  // namespace latchkey::signin
