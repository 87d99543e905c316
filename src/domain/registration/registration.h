#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>

#include "domain/accounts/passwords.h"
#include "domain/accounts/terms.h"
#include "domain/confirm/interactive_auth.h"
#include "domain/homeserver/provisioning.h"
#include "domain/limits/attempt_limits.h"
#include "domain/registration/registration_options.h"
#include "domain/services/services.h"
#include "domain/signin/sign_in.h"

// Making an account (spec "Legacy account registration").
namespace latchkey::registration {

struct NewAccount {
  std::optional<std::string> username;  // as typed; absent: one is made
  std::optional<std::string> password;  // absent: nobody signs in with one
  bool inhibit_login = false;
  sessions::NewSession session;
};

struct RegistrationRefused {
  enum class Why {
    closed,
    invalid_username,
    username_taken,  // here, or at the homeserver
    reserved,        // by the configuration
    exclusive,       // in the namespace of a service, or outside that of the service which asks
    weak_password,   // `weak` says why
    auth_used_up,    // another request was faster: begin anew
    terms_needed,    // all of them have to be accepted
    not_wanted,      // any more, by who asked for it
    too_many,        // of this address
    busy,            // too many passwords are being hashed
  };
  Why why;
  std::optional<accounts::WeakPassword> weak = {};
  Duration retry_after{0};  // for the last two
};

// Without tokens and device when the client asked for none.
struct Registered {
  std::string localpart;
  std::optional<signin::SignedIn> signed_in;
};

// The stages that a person has to pass.
std::vector<confirm::AuthFlow> registration_flows(const RegistrationOptions& options,
                                                  const accounts::Terms& terms);

class Registration {
 public:
  struct Parts {
    const Ground& ground;
    sessions::Sessions& sessions;
    accounts::Passwords& passwords;
    limits::AttemptLimits& limits;
    confirm::InteractiveAuth& auth;
    const services::Services& services;
    RegistrationOptions options;
    const accounts::Terms& terms;
    std::string server_name;
    homeserver::Provisioning* homeserver = nullptr;  // absent: there is none behind
  };
  explicit Registration(const Parts& parts) : parts_(parts) {}

  // Who makes an account gives it a password; people of identity providers come otherwise.
  bool open() const { return parts_.options.open && parts_.passwords.enabled(); }
  const accounts::Terms& terms() const { return parts_.terms; }

  // Why nobody can register this name; absent: it is free (or one is to be made).
  Task<std::optional<RegistrationRefused>> refuse(const std::optional<std::string>& username);
  // What would be refused whatever the person authenticates with; to be asked before the
  // user-interactive authentication and again by create().
  Task<std::optional<RegistrationRefused>> refuse(const NewAccount& wanted);

  // Why nobody can register with this password, when something else is wrong already: so that all
  // of it can be said at once. Estimating takes its time, so it counts as a registration.
  Task<std::optional<RegistrationRefused>> refuse_password(std::string password,
                                                           std::string localpart,
                                                           std::string address);

  // Whether a registration token may be used now.
  Task<std::expected<bool, RegistrationRefused>> token_valid(std::string token,
                                                             std::string address);

  Task<std::expected<Registered, RegistrationRefused>> create(std::size_t worker, NewAccount wanted,
                                                              confirm::AuthPassed passed);

  // Somebody whom an identity provider has authenticated.
  struct Known {
    std::string localpart;  // as typed
    bool terms = false;     // all of them accepted
    std::string address;
    std::size_t worker = 0;
  };
  // What they would be refused.
  Task<std::optional<RegistrationRefused>> refuse_known(const Known& wanted);
  // Their account, without a password, whether registration is open or not. In its transaction,
  // once the name is sure, `claim` makes it theirs, or returns false having written nothing, and
  // there is no account (not_wanted); then `enter` does the rest.
  Task<std::expected<accounts::Account, RegistrationRefused>> create_known(
      Known wanted, std::function<bool(db::Tx&, const accounts::Account&)> claim,
      std::function<void(db::Tx&, const accounts::Account&)> enter);

  // An account of an application service's own namespace, whether registration is open or not.
  Task<std::expected<Registered, RegistrationRefused>> create_for(std::size_t worker,
                                                                  const services::Service& service,
                                                                  NewAccount wanted);

 private:
  struct Made {
    accounts::Account account;
    std::optional<sessions::Session> session;
  };
  using MadeOrRefused = std::expected<Made, RegistrationRefused>;

  Task<bool> taken(const std::string& username);
  // What there is against the name.
  Task<std::optional<RegistrationRefused>> refuse_name(const std::string& localpart);
  // What the homeserver has against the name.
  Task<std::optional<RegistrationRefused>> refused_there(const std::string& localpart);
  // One that no service has for itself; absent: there seems to be none.
  std::optional<std::string> made_up_name() const;
  // Of an account with a name. Absent: the name is taken, and nothing was written.
  std::optional<accounts::Account> add_user(db::Tx& tx, const NewAccount& wanted,
                                            const std::optional<std::string>& hash);
  Made sign_in(db::Tx& tx, accounts::Account account, const NewAccount& wanted);
  Registered registered(std::size_t worker, const Made& made);

  const Parts parts_;
};

}  // namespace latchkey::registration
