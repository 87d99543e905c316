#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "domain/limits/attempt_limit.h"
#include "platform/config/bounds.h"
#include "platform/time.h"

namespace latchkey::limits {

// The options of `rate_limits:`.
struct AttemptLimitOptions {
  bool enabled = true;
  std::size_t failures = 20;
  Duration failure_interval = std::chrono::seconds{5};
  std::size_t account_failures = 20;
  Duration account_failure_interval = std::chrono::seconds{30};
  std::size_t repeated_failures = 10;
  Duration repeated_failure_interval = std::chrono::seconds{30};
  std::size_t newcomer_failures = 2;
  Duration newcomer_failure_interval = std::chrono::hours{1};
  std::size_t registrations = 10;
  Duration registration_interval = std::chrono::minutes{1};
  std::size_t challenges = 30;
  Duration challenge_interval = std::chrono::seconds{10};
  std::size_t registration_token_checks = 10;
  Duration registration_token_check_interval = std::chrono::seconds{30};
  std::size_t login_tokens = 5;
  Duration login_token_interval = std::chrono::minutes{1};
  std::size_t user_codes = 10;
  Duration user_code_interval = std::chrono::minutes{1};
  std::size_t device_authorizations = 30;
  Duration device_authorization_interval = std::chrono::seconds{10};
  std::size_t provider_sign_ins = 100;
  Duration provider_sign_in_interval = std::chrono::seconds{1};
  std::size_t client_registrations = 30;
  Duration client_registration_interval = std::chrono::seconds{10};

  template <class Visitor>
  void options(Visitor& visit) {
    const auto pair = [&visit](const char* burst_name, std::size_t& burst, const char* burst_doc,
                               const char* interval_name, Duration& interval,
                               const char* interval_doc) {
      using namespace std::chrono_literals;
      visit(burst_name, burst, burst_doc, config::Between{1, 100'000});
      visit(interval_name, interval, interval_doc, config::Between{1ms, 24h});
    };
    visit("enabled", enabled, "Whether failed attempts are limited at all.");
    pair("failures", failures,
         "How many attempts (sign-in, refresh) may fail in a row from an address (IPv6: a /64); "
         "past any of these limits the answer is 429.",
         "failure_interval", failure_interval, "After how long one more may fail.");
    pair("account_failures", account_failures,
         "How many sign-ins to an account may fail in a row, over all addresses from which it was "
         "not used.",
         "account_failure_interval", account_failure_interval, "After how long one more may fail.");
    pair("repeated_failures", repeated_failures,
         "How many sign-ins to one account may fail in a row from one address.",
         "repeated_failure_interval", repeated_failure_interval,
         "After how long one more may fail.");
    pair("newcomer_failures", newcomer_failures,
         "How many sign-ins to an account may fail from an address that is new to it although the "
         "account is at its limit: nobody is locked out by the failures of others.",
         "newcomer_failure_interval", newcomer_failure_interval,
         "After how long the address counts as new for one more.");
    pair("registrations", registrations,
         "How many accounts an address may create in a row; its network (IPv4: a /24, IPv6: a /48) "
         "four times as many, everybody together 32 times as many and then as a network. The same "
         "holds for challenges, device_authorizations, provider_sign_ins and client_registrations.",
         "registration_interval", registration_interval,
         "After how long an address may create one more.");
    pair("challenges", challenges,
         "How many registrations an address may begin in a row, whether it ends them or not; and "
         "how many confirmations (user-interactive authentication) a user may begin.",
         "challenge_interval", challenge_interval, "After how long an address may begin one more.");
    pair("registration_token_checks", registration_token_checks,
         "How many registration tokens an address may try in a row.",
         "registration_token_check_interval", registration_token_check_interval,
         "After how long an address may try one more.");
    pair("login_tokens", login_tokens, "How many login tokens a user may ask for in a row.",
         "login_token_interval", login_token_interval,
         "After how long a user may ask for one more.");
    pair("user_codes", user_codes,
         "How many codes of other devices that nobody waits with (RFC 8628) an address may type in "
         "a row.",
         "user_code_interval", user_code_interval, "After how long an address may try one more.");
    pair("device_authorizations", device_authorizations,
         "How many codes for other devices an address may ask for in a row.",
         "device_authorization_interval", device_authorization_interval,
         "After how long an address may ask for one more.");
    pair("provider_sign_ins", provider_sign_ins,
         "How many people an address may send to an identity provider in a row, whether they come "
         "back or not.",
         "provider_sign_in_interval", provider_sign_in_interval,
         "After how long an address may send one more.");
    pair("client_registrations", client_registrations,
         "How many new OAuth 2.0 clients an address may register in a row.",
         "client_registration_interval", client_registration_interval,
         "After how long an address may register one more.");
  }
};

// Of what strangers may write into the database. Addresses are cheap to have many of, so more
// counts than the address: its network (IPv4: a /24, IPv6: a /48), which may take kOfANetwork times
// as many, and everybody together, who may take kOfEverybody times as many in a row and then go on
// like one network. So a table that strangers fill has a size that can be told
// (docs/formats/database.md), whoever they are.
class WideLimit {
 public:
  static constexpr int kOfANetwork = 4;
  static constexpr int kOfEverybody = 32;

  WideLimit(std::size_t burst, Duration interval);

  // Counts the try unless it is blocked.
  std::optional<Duration> take(std::string_view address, Time now);

 private:
  AttemptLimit addresses_;
  AttemptLimit networks_;
  AttemptLimit everybody_;
};

// Who tries to sign in to what. The account is the localpart that was meant, or, where no user
// can be meant, the empty one.
struct Attempt {
  std::string_view address;
  std::string_view account;
  // A session of this account was used from this group of addresses. It costs a look into the
  // database: say so only when asked (SignInBlocked::unless_familiar).
  bool familiar = false;
};

struct SignInBlocked {
  Duration wait;
  // It is the failures of others that block it: a familiar address goes on.
  bool unless_familiar = false;
};

class AttemptLimits;

// A sign-in that is being tried. It counts as a failure from its beginning, so that many at once
// are no way round the limits, and does not count when it ends without one of these being called:
// when it came to no answer.
class SignInAttempt {
 public:
  SignInAttempt(SignInAttempt&& other) noexcept;
  SignInAttempt& operator=(SignInAttempt&&) = delete;
  ~SignInAttempt();

  void failed();
  // Forgets what this address failed against this account, and no other failures: else who has an
  // account of his own could clear his address with it, and an owner who comes home would help
  // those who guess.
  void succeeded();

 private:
  friend class AttemptLimits;
  SignInAttempt(AttemptLimits* limits, const Attempt& attempt);
  void give_back();

  // What counts it, to be given back.
  struct Counted {
    bool address = false;
    bool network = false;
    bool repeated = false;
    bool newcomer = false;
    bool site = false;
    bool account = false;
  };

  AttemptLimits* limits_;  // null: nothing to give back
  std::string address_;    // grouped
  std::string site_;
  std::string network_;
  std::string account_;
  Counted counted_;
};

// Which attempts are limited. Addresses count by their group (address_group.h). Of sign-ins and
// tokens only failures are counted. Each node counts for itself.
//
// A sign-in must pass
// - its address: over all accounts, against trying one password on many;
// - its address at this account;
// - unless it is familiar there, the account, over all unfamiliar addresses, against guessing
//   from many. Past that limit an address that is new to the account still gets its first tries
//   (an IPv6 site, which has 65536 of them, four times as many): a stranger who fills the account's
//   limit locks out himself, not the owner;
// - unless it is familiar there, its network (IPv4: a /24, IPv6: a /48), four times as many over
//   all accounts: addresses are cheap to have many of.
//
// What this tells: who shares an address with the owner of an account, and fills that account's
// limit from other addresses, can see that the account is used from there.
class AttemptLimits {
 public:
  explicit AttemptLimits(const AttemptLimitOptions& options);

  // The order: sign_in(); if only the familiar may, look whether it is and ask again; check the
  // password; failed() or succeeded().
  std::expected<SignInAttempt, SignInBlocked> sign_in(const Attempt& attempt, Time now);

  // Each of these counts the attempt unless it is blocked.

  // A token that no server key made: somebody is guessing.
  std::optional<Duration> unknown_token_blocked(std::string_view address, Time now);
  std::optional<Duration> registration_blocked(std::string_view address, Time now);
  // A challenge of /register: it writes a row. Of an account: the same of user-interactive
  // authentication by its token.
  std::optional<Duration> challenge_blocked(std::string_view address, Time now);
  std::optional<Duration> own_challenge_blocked(std::string_view account, Time now);
  // Asking whether a registration token is valid, or using one that may not be.
  std::optional<Duration> registration_token_blocked(std::string_view address, Time now);
  std::optional<Duration> login_token_blocked(std::string_view account, Time now);
  std::optional<Duration> device_authorization_blocked(std::string_view address, Time now);
  // Being sent to an identity provider: it writes a row.
  std::optional<Duration> provider_sign_in_blocked(std::string_view address, Time now);

  // Codes of other devices that nobody waits with: somebody is guessing.
  std::optional<Duration> user_code_blocked(std::string_view address, Time now) const;
  void user_code_failed(std::string_view address, Time now);
  // The secret of a client, shown from there (RFC 6749 section 2.3.1): asked before it is looked
  // at, so that who guesses does not learn which guess was right.
  std::optional<Duration> secret_blocked(std::string_view address, std::string_view client,
                                         Time now) const;
  void secret_failed(std::string_view address, std::string_view client, Time now);
  // An OAuth 2.0 client registers itself: it may write a row.
  std::optional<Duration> client_registration_blocked(std::string_view address, Time now);

 private:
  friend class SignInAttempt;

  const bool enabled_;
  AttemptLimit addresses_;
  AttemptLimit networks_;  // unfamiliar addresses, over all accounts
  AttemptLimit accounts_;
  AttemptLimit repeated_;   // by account and address
  AttemptLimit newcomers_;  // by account and address
  AttemptLimit sites_;      // newcomers, by account and site
  AttemptLimit tokens_;
  WideLimit registrations_;
  WideLimit challenges_;
  AttemptLimit own_challenges_;  // by account
  AttemptLimit registration_tokens_;
  AttemptLimit login_tokens_;
  AttemptLimit user_codes_;
  AttemptLimit secrets_;          // by client and address
  AttemptLimit network_secrets_;  // by client and network
  WideLimit device_authorizations_;
  WideLimit provider_sign_ins_;
  WideLimit client_registrations_;
};

}  // namespace latchkey::limits
