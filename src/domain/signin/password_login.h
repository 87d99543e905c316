#pragma once

#include <expected>
#include <string>

#include "domain/accounts/passwords.h"
#include "domain/accounts/user_rows.h"
#include "domain/signin/attempt_limits.h"
#include "domain/signin/signed_in.h"

// Sign-in with a password (spec "Legacy login", m.login.password).
namespace latchkey::signin {

struct PasswordLogin {
  std::string user;  // as typed: a localpart or a full Matrix ID
  std::string password;
  sessions::NewSession session;
};

struct LoginRefused {
  enum class Why {
    wrong_credentials,  // or no such user: the two cannot be told apart, by time either
    account_deactivated,
    account_locked,
    too_many_devices,
    too_many_failures,  // of this address or account
    busy,               // too many passwords are being checked
  };
  Why why;
  Duration retry_after{0};  // for the last two
};

class PasswordSignin {
 public:
  PasswordSignin(sessions::Sessions& sessions, accounts::Passwords& passwords,
                 AttemptLimits& limits, std::string server_name)
      : sessions_(sessions),
        passwords_(passwords),
        limits_(limits),
        server_name_(std::move(server_name)) {}

  Task<std::expected<SignedIn, LoginRefused>> login(std::size_t worker, PasswordLogin request);

 private:
  using Checked = std::expected<accounts::User, LoginRefused>;
  using Allowed = std::expected<SignInAttempt, SignInBlocked>;
  Task<Allowed> begin(Attempt attempt);
  Task<bool> is_familiar(const Attempt& attempt);
  Task<Checked> check_password(const PasswordLogin& request);
  Task<void> upgrade_hash(const accounts::User& user, std::string password);

  sessions::Sessions& sessions_;
  accounts::Passwords& passwords_;
  AttemptLimits& limits_;
  const std::string server_name_;
};

}  // namespace latchkey::signin
