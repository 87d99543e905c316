#pragma once

#include <expected>
#include <optional>
#include <string>

#include "domain/accounts/passwords.h"
#include "domain/accounts/registration.h"
#include "domain/signin/attempt_limits.h"
#include "domain/signin/signed_in.h"

// Making an account (spec "Legacy account registration").
namespace latchkey::signin {

struct NewAccount {
  std::optional<std::string> username;  // absent: one is made
  std::string password;
  bool inhibit_login = false;
  sessions::NewSession session;
};

struct RegistrationRefused {
  enum class Why {
    closed,
    invalid_username,
    username_taken,
    weak_password,  // `sentence` says why
    too_many,       // of this address
    busy,           // too many passwords are being hashed
  };
  Why why;
  std::string sentence;
  Duration retry_after{0};  // for the last two
};

// Without tokens and device when the client asked for none.
struct Registered {
  std::string localpart;
  std::optional<SignedIn> signed_in;
};

class Registration {
 public:
  Registration(sessions::Sessions& sessions, accounts::Passwords& passwords, AttemptLimits& limits,
               const accounts::RegistrationOptions& options, std::string server_name)
      : sessions_(sessions),
        passwords_(passwords),
        limits_(limits),
        options_(options),
        server_name_(std::move(server_name)) {}

  bool open() const { return options_.open; }

  // What would be refused whatever the person authenticates with; to be asked before the
  // user-interactive authentication and again by create().
  Task<std::optional<RegistrationRefused>> refuse(const std::optional<std::string>& username);

  Task<std::expected<Registered, RegistrationRefused>> create(std::size_t worker,
                                                              NewAccount wanted);

 private:
  sessions::Sessions& sessions_;
  accounts::Passwords& passwords_;
  AttemptLimits& limits_;
  const accounts::RegistrationOptions options_;
  const std::string server_name_;
};

}  // namespace latchkey::signin
