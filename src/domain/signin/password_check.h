#pragma once

#include <expected>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "domain/accounts/passwords.h"
#include "domain/accounts/user_rows.h"
#include "domain/limits/attempt_limits.h"
#include "domain/sessions/sessions.h"
#include "domain/signin/authentication.h"
#include "domain/signin/identifier.h"
#include "platform/time.h"

namespace latchkey::signin {

// Why nobody was signed in, or nobody confirmed to be who they are.
struct LoginRefused {
  enum class Why {
    wrong_credentials,  // or no such user: the two cannot be told apart, by time either
    token_not_good,     // a login token that is unknown, used, or too old
    account_deactivated,
    account_locked,
    too_many_devices,
    too_many_failures,  // of this address or account
    busy,               // too many passwords are being checked
    no_addresses,       // the configuration lets people sign in with their user names only
    not_offered,        // the configuration does not offer this way of signing in
    outside_namespace,  // an application service asks for a user that is not its own
    not_registered,     // the same, of one that does not exist
  };
  Why why;
  Duration retry_after{0};  // with too_many_failures and busy
};

// A user whose password was right.
struct CheckedUser {
  accounts::Account account;
  std::string hash;       // that the password was held against
  bool outdated = false;  // of other parameters than today's: to be made anew
};

// Whether a password is somebody's, within the limits against guessing. Nothing here begins a
// session: for sign-in and for user-interactive authentication.
class PasswordCheck {
 public:
  PasswordCheck(const Ground& ground, accounts::Passwords& passwords, limits::AttemptLimits& limits,
                std::string server_name, const providers::ProviderSet& providers)
      : ground_(ground),
        passwords_(passwords),
        limits_(limits),
        server_name_(std::move(server_name)),
        providers_(providers) {}

  // Whether the configuration lets people use passwords at all.
  bool enabled() const { return passwords_.enabled(); }
  // By what the configuration lets people be authenticated.
  AuthMethods methods() const { return offered_methods(passwords_, providers_); }
  const providers::ProviderSet& providers() const { return providers_; }

  // A wrong password, an unknown user and one without a password take the same time and are the
  // same answer.
  Task<std::expected<CheckedUser, LoginRefused>> check(const Identifier& who, std::string password,
                                                       const std::string& address);

  // Whether the identifier is one of this user's.
  Task<bool> is_meant(const Identifier& who, UserId user);

  // Checks the password, and runs `then(tx, account)` in a transaction that has locked the account
  // and found the password unchanged; an outdated hash is made anew there. Begins again when the
  // hash was replaced meanwhile, by a change of the password or by another sign-in that made it
  // anew. Returns what `then` does, a std::expected with LoginRefused.
  template <class Then>
  using ResultOf = std::invoke_result_t<Then&, db::Tx&, const accounts::Account&>;
  template <class Then>
  Task<ResultOf<Then>> with_account(Identifier who, std::string password, std::string address,
                                    Then then);

  // The hash to be written in place of an outdated one; absent: it is not, or this is a busy moment
  // and the next sign-in does it.
  Task<std::optional<std::string>> renew(const CheckedUser& user, std::string password);

  // The account, locked, if its password is still the one that was checked: it may have been
  // changed while the hash was made, and a sign-in with the old one would outlive the change.
  static std::optional<accounts::Account> lock_if_unchanged(db::Tx& tx, const CheckedUser& user);

 private:
  struct Begun {
    limits::SignInAttempt attempt;
    threads::Turn turn;
  };
  Task<std::expected<Begun, limits::SignInBlocked>> begin(limits::Attempt attempt);
  Task<bool> is_familiar(const limits::Attempt& attempt);

  const Ground& ground_;
  accounts::Passwords& passwords_;
  limits::AttemptLimits& limits_;
  const std::string server_name_;
  const providers::ProviderSet& providers_;
};

// How often a password may be replaced while it is checked before that is a fault.
inline constexpr int kMostPasswordTries = 5;

template <class Then>
Task<PasswordCheck::ResultOf<Then>> PasswordCheck::with_account(Identifier who,
                                                                std::string password,
                                                                std::string address, Then then) {
  using Result = ResultOf<Then>;
  for (int tries = 0; tries < kMostPasswordTries; ++tries) {
    const auto checked = co_await check(who, password, address);
    if (!checked) co_return std::unexpected(checked.error());
    const auto new_hash = co_await renew(*checked, password);
    auto done = co_await ground_.db.write([&](db::Tx& tx) -> std::optional<Result> {
      // The state of the account counts as it is now, not as it was before the hashing.
      const auto account = lock_if_unchanged(tx, *checked);
      if (!account) return std::nullopt;
      if (new_hash) accounts::update_password_hash(tx, account->id, new_hash);
      return then(tx, *account);
    });
    if (done) co_return std::move(*done);
  }
  throw db::Unavailable("a password was changed again and again while it was checked");
}

}  // namespace latchkey::signin
