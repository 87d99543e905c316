#pragma once

#include <expected>
#include <optional>
#include <string>

#include "domain/accounts/passwords.h"
#include "domain/sessions/sessions.h"
#include "domain/signin/attempt_limits.h"
#include "domain/signin/identifier.h"
#include "domain/signin/login_refused.h"

namespace latchkey::signin {

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
  PasswordCheck(sessions::Sessions& sessions, accounts::Passwords& passwords, AttemptLimits& limits,
                std::string server_name)
      : sessions_(sessions),
        passwords_(passwords),
        limits_(limits),
        server_name_(std::move(server_name)) {}

  // Whether the configuration lets people use passwords at all.
  bool enabled() const { return passwords_.enabled(); }

  // A wrong password, an unknown user and one without a password take the same time and are the
  // same answer.
  Task<std::expected<CheckedUser, LoginRefused>> check(const Identifier& who, std::string password,
                                                       const std::string& address);

  // The hash to be written in place of an outdated one; absent: it is not, or this is a busy moment
  // and the next sign-in does it.
  Task<std::optional<std::string>> renew(const CheckedUser& user, std::string password);

  // The account, locked, if its password is still the one that was checked: it may have been
  // changed while the hash was made, and a sign-in with the old one would outlive the change.
  static std::optional<accounts::Account> lock_if_unchanged(db::Tx& tx, const CheckedUser& user);

 private:
  using Allowed = std::expected<SignInAttempt, SignInBlocked>;
  Task<Allowed> begin(Attempt attempt);
  Task<bool> is_familiar(const Attempt& attempt);

  sessions::Sessions& sessions_;
  accounts::Passwords& passwords_;
  AttemptLimits& limits_;
  const std::string server_name_;
};

}  // namespace latchkey::signin
