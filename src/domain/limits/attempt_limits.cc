#include "domain/limits/attempt_limits.h"

#include <utility>

#include "domain/limits/address_group.h"

namespace latchkey::limits {
namespace {

// A site against its addresses: a few of its people may be new to an account at a time.
constexpr std::size_t kGroupsOfASite = 4;

// Of an account and whence it is tried. No group of addresses has a space.
std::string joint_key(const std::string& group, const std::string& account) {
  return group + " " + account;
}

}  // namespace

WideLimit::WideLimit(std::size_t burst, Duration interval)
    : addresses_(burst, interval),
      networks_(kOfANetwork * burst, interval / kOfANetwork),
      everybody_(kOfEverybody * burst, interval / kOfANetwork) {}

std::optional<Duration> WideLimit::take(std::string_view address, Time now) {
  const std::string here = limit_key(address);
  const std::string network = network_key(address);
  if (const auto wait = addresses_.take(here, now)) return wait;
  // What is not done after all is not counted: who is kept out by others has not had their own.
  if (const auto wait = networks_.take(network, now)) {
    addresses_.give_back(here);
    return wait;
  }
  if (const auto wait = everybody_.take({}, now)) {
    addresses_.give_back(here);
    networks_.give_back(network);
    return wait;
  }
  return std::nullopt;
}

SignInAttempt::SignInAttempt(AttemptLimits* limits, const Attempt& attempt) : limits_(limits) {
  if (limits_ == nullptr) return;  // nothing is counted
  address_ = limit_key(attempt.address);
  site_ = site_key(attempt.address);
  network_ = network_key(attempt.address);
  account_ = attempt.account;
}

SignInAttempt::SignInAttempt(SignInAttempt&& other) noexcept
    : limits_(std::exchange(other.limits_, nullptr)),
      address_(std::move(other.address_)),
      site_(std::move(other.site_)),
      network_(std::move(other.network_)),
      account_(std::move(other.account_)),
      counted_(other.counted_) {}

SignInAttempt::~SignInAttempt() { give_back(); }

void SignInAttempt::failed() { limits_ = nullptr; }

void SignInAttempt::succeeded() {
  if (limits_ == nullptr) return;
  limits_->repeated_.forget(joint_key(address_, account_));
  limits_->newcomers_.forget(joint_key(address_, account_));
  give_back();
}

void SignInAttempt::give_back() {
  AttemptLimits* const limits = std::exchange(limits_, nullptr);
  if (limits == nullptr) return;
  const std::string here = joint_key(address_, account_);
  if (counted_.address) limits->addresses_.give_back(address_);
  if (counted_.network) limits->networks_.give_back(network_);
  if (counted_.repeated) limits->repeated_.give_back(here);
  if (counted_.newcomer) limits->newcomers_.give_back(here);
  if (counted_.site) limits->sites_.give_back(joint_key(site_, account_));
  if (counted_.account) limits->accounts_.give_back(account_);
}

AttemptLimits::AttemptLimits(const AttemptLimitOptions& options)
    : enabled_(options.enabled),
      addresses_(options.failures, options.failure_interval),
      networks_(WideLimit::kOfANetwork * options.failures,
                options.failure_interval / WideLimit::kOfANetwork),
      accounts_(options.account_failures, options.account_failure_interval),
      repeated_(options.repeated_failures, options.repeated_failure_interval),
      newcomers_(options.newcomer_failures, options.newcomer_failure_interval),
      sites_(kGroupsOfASite * options.newcomer_failures, options.newcomer_failure_interval),
      tokens_(options.failures, options.failure_interval),
      registrations_(options.registrations, options.registration_interval),
      challenges_(options.challenges, options.challenge_interval),
      own_challenges_(options.challenges, options.challenge_interval),
      registration_tokens_(options.registration_token_checks,
                           options.registration_token_check_interval),
      login_tokens_(options.login_tokens, options.login_token_interval),
      user_codes_(options.user_codes, options.user_code_interval),
      secrets_(options.failures, options.failure_interval),
      network_secrets_(WideLimit::kOfANetwork * options.failures,
                       options.failure_interval / WideLimit::kOfANetwork),
      device_authorizations_(options.device_authorizations, options.device_authorization_interval),
      provider_sign_ins_(options.provider_sign_ins, options.provider_sign_in_interval),
      client_registrations_(options.client_registrations, options.client_registration_interval) {}

std::expected<SignInAttempt, SignInBlocked> AttemptLimits::sign_in(const Attempt& attempt,
                                                                   Time now) {
  // What is returned early gives back what was counted until then.
  SignInAttempt tried(enabled_ ? this : nullptr, attempt);
  if (!enabled_) return tried;
  SignInAttempt::Counted& counted = tried.counted_;
  if (const auto wait = addresses_.take(tried.address_, now)) {
    return std::unexpected(SignInBlocked{*wait});
  }
  counted.address = true;
  const std::string here = joint_key(tried.address_, tried.account_);
  if (const auto wait = repeated_.take(here, now)) return std::unexpected(SignInBlocked{*wait});
  counted.repeated = true;
  if (attempt.familiar) return tried;

  counted.newcomer = !newcomers_.take(here, now);
  counted.site = counted.newcomer && !sites_.take(joint_key(tried.site_, tried.account_), now);
  const auto wait = accounts_.take(tried.account_, now);
  counted.account = !wait;
  const bool is_new = counted.site;
  if (wait && !is_new) return std::unexpected(SignInBlocked{*wait, true});
  if (const auto of_network = networks_.take(tried.network_, now)) {
    return std::unexpected(SignInBlocked{*of_network, true});
  }
  counted.network = true;
  return tried;
}

std::optional<Duration> AttemptLimits::unknown_token_blocked(std::string_view address, Time now) {
  return enabled_ ? tokens_.take(limit_key(address), now) : std::nullopt;
}

std::optional<Duration> AttemptLimits::registration_blocked(std::string_view address, Time now) {
  return enabled_ ? registrations_.take(address, now) : std::nullopt;
}

std::optional<Duration> AttemptLimits::challenge_blocked(std::string_view address, Time now) {
  return enabled_ ? challenges_.take(address, now) : std::nullopt;
}

std::optional<Duration> AttemptLimits::own_challenge_blocked(std::string_view account, Time now) {
  return enabled_ ? own_challenges_.take(account, now) : std::nullopt;
}

std::optional<Duration> AttemptLimits::registration_token_blocked(std::string_view address,
                                                                  Time now) {
  return enabled_ ? registration_tokens_.take(limit_key(address), now) : std::nullopt;
}

std::optional<Duration> AttemptLimits::login_token_blocked(std::string_view account, Time now) {
  return enabled_ ? login_tokens_.take(account, now) : std::nullopt;
}

std::optional<Duration> AttemptLimits::provider_sign_in_blocked(std::string_view address,
                                                                Time now) {
  return enabled_ ? provider_sign_ins_.take(address, now) : std::nullopt;
}

std::optional<Duration> AttemptLimits::device_authorization_blocked(std::string_view address,
                                                                    Time now) {
  return enabled_ ? device_authorizations_.take(address, now) : std::nullopt;
}

std::optional<Duration> AttemptLimits::user_code_blocked(std::string_view address, Time now) const {
  return enabled_ ? user_codes_.blocked(limit_key(address), now) : std::nullopt;
}

void AttemptLimits::user_code_failed(std::string_view address, Time now) {
  if (enabled_) user_codes_.count(limit_key(address), now);
}

std::optional<Duration> AttemptLimits::secret_blocked(std::string_view address,
                                                      std::string_view client, Time now) const {
  // Nearly always, and the homeserver asks with each request of a person's.
  if (!enabled_ || secrets_.idle(now)) return std::nullopt;
  const std::string name(client);
  if (const auto wait = secrets_.blocked(joint_key(limit_key(address), name), now)) return wait;
  return network_secrets_.blocked(joint_key(network_key(address), name), now);
}

void AttemptLimits::secret_failed(std::string_view address, std::string_view client, Time now) {
  if (!enabled_) return;
  const std::string name(client);
  secrets_.count(joint_key(limit_key(address), name), now);
  network_secrets_.count(joint_key(network_key(address), name), now);
}

std::optional<Duration> AttemptLimits::client_registration_blocked(std::string_view address,
                                                                   Time now) {
  return enabled_ ? client_registrations_.take(address, now) : std::nullopt;
}

}  // namespace latchkey::limits
