#pragma once

#include <memory>
#include <string>

#include "domain/accounts/accounts_testing.h"
#include "domain/accounts/terms.h"
#include "domain/services/services.h"
#include "domain/signin/login_flows.h"
#include "domain/signin/own_account.h"
#include "domain/signin/own_devices.h"
#include "domain/signin/register_account.h"
#include "domain/signin/sign_in.h"
#include "domain/signin/web_account.h"

namespace latchkey::signin::testing {

// What a configuration says of signing in.
struct Setup {
  AttemptLimitOptions limits = {};
  accounts::RegistrationOptions registration = {.open = true};
  LoginTokenOptions login_tokens = {};
  BrowserSessionOptions browsers = {};
  accounts::Terms terms = {};
};

// Everything that signs people in, over one server.
struct Surface {
  Surface(const Ground& ground, sessions::Sessions& sessions, accounts::Passwords& passwords,
          const Setup& setup = {});

  const Setup setup;
  services::Services services;
  AttemptLimits limits;
  PasswordCheck check;
  LoginTokens login_tokens;
  SignIn sign_in;
  InteractiveAuth auth;
  Callers callers;
  OwnAccount own_account;
  OwnDevices own_devices;
  BrowserSessions browsers;
  WebAccount web_account;
  LoginWays login_ways;
  Registration registration;
};

// The base of tests that need users who sign in, on both engines.
class SigninOnEachEngine : public accounts::testing::AccountsOnEachEngine {
 protected:
  static sessions::NewSession device(std::string device_id) {
    return sessions::testing::TestSessions::refreshing(std::move(device_id));
  }
  // Signs in to a surface's device.
  static SignIn::Result login(Surface& surface, const std::string& user,
                              const std::string& password, std::string device_id = "PHONE");
  SignIn::Result login(const std::string& user, const std::string& password,
                       std::string device_id = "PHONE") {
    return login(surface_, user, password, std::move(device_id));
  }
  // Who asks with that access token.
  Caller caller(const std::string& access_token);

  Surface surface_{server_.ground(), *server_, passwords_};
};

}  // namespace latchkey::signin::testing
