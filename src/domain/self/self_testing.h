#pragma once

#include <memory>
#include <string>
#include <vector>

#include "domain/accounts/accounts_testing.h"
#include "domain/accounts/terms.h"
#include "domain/confirm/listeners.h"
#include "domain/providers/providers_testing.h"
#include "domain/registration/registration.h"
#include "domain/self/operations.h"
#include "domain/self/overview.h"
#include "domain/services/services.h"
#include "domain/signin/listeners.h"
#include "domain/signin/login_flows.h"
#include "domain/signin/sign_in.h"

namespace latchkey::self::testing {

// What a configuration says of signing in.
struct Setup {
  limits::AttemptLimitOptions limits = {};
  registration::RegistrationOptions registration = {.open = true};
  signin::LoginTokenOptions login_tokens = {};
  signin::BrowserSessionOptions browsers = {};
  accounts::Terms terms = {};
  AccountOptions account = {};
  std::vector<providers::ProviderOptions> providers = {};
};

// Everything that signs people in, over one server.
struct Surface {
  Surface(const Ground& ground, sessions::Sessions& sessions, accounts::Passwords& passwords,
          const Setup& setup = {});

  const Setup setup;
  services::Services services;
  providers::ProviderSet providers;
  limits::AttemptLimits limits;
  signin::PasswordCheck check;
  signin::LoginTokens login_tokens;
  signin::SignIn sign_in;
  confirm::InteractiveAuth auth;
  signin::Callers callers;
  signin::BrowserSessions browsers;
  Operations operations;
  Overview overview;
  signin::LoginWays login_ways;
  registration::Registration registration;
};

// The base of tests that need users who sign in, on both engines.
class SigninOnEachEngine : public accounts::testing::AccountsOnEachEngine {
 protected:
  SigninOnEachEngine() {
    confirm::listen(server_.events);
    signin::listen(server_.events);
  }

  static sessions::NewSession device(std::string device_id) {
    return sessions::testing::TestSessions::refreshing(std::move(device_id));
  }
  // Signs in to a surface's device.
  static signin::SignIn::Result login(Surface& surface, const std::string& user,
                                      const std::string& password, std::string device_id = "PHONE");
  signin::SignIn::Result login(const std::string& user, const std::string& password,
                               std::string device_id = "PHONE") {
    return login(surface_, user, password, std::move(device_id));
  }
  // Of the account pages; one browser may go on.
  void sign_out_everywhere(db::Tx& tx, UserId user, std::optional<BrowserSessionId> except = {}) {
    server_.events.tell(tx, events::SignedOutEverywhere{user, EndReason::logout_all, except});
  }
  // Who asks with that access token.
  signin::Caller caller(const std::string& access_token);
  // Of a caller whose person has confirmed who they are.
  static Proof confirmed(const signin::Caller& who) {
    return proof_of(who, {.subject = who.identity.user});
  }

  Surface surface_{server_.ground(), *server_, passwords_};
};

}  // namespace latchkey::self::testing
