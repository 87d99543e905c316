#pragma once

#include <optional>
#include <string_view>

#include "domain/accounts/passwords.h"
#include "domain/services/services.h"
#include "domain/sessions/sessions.h"
#include "domain/signin/login_tokens.h"

// Which ways to sign in GET /login lists (spec "GET /login"; MSC3741).
namespace latchkey::signin {

struct LoginFlows {
  bool password = false;  // m.login.password
  bool token = false;     // m.login.token, with get_login_token
  bool sso = false;       // m.login.sso: the browser, and back with a login token
  bool service = false;   // m.login.application_service
  bool operator==(const LoginFlows&) const = default;
};

// What the configuration offers to anybody.
struct LoginOffer {
  bool passwords = false;
  bool login_tokens = false;
  bool services = false;
};

// What is known of an account that has to find back.
struct ReturningAccount {
  bool has_password = false;
  bool of_service = false;  // in the namespace of an application service
};

// Without an account everything that is offered; with one only what leads back to that account, and
// nothing if nothing does. A login token is made by somebody who has confirmed to be the user, so
// it leads nowhere without a password; nor do the pages in the browser.
LoginFlows flows_for(const LoginOffer& offer, const std::optional<ReturningAccount>& account);

class LoginWays {
 public:
  LoginWays(const Ground& ground, sessions::Sessions& sessions,
            const accounts::Passwords& passwords, const LoginTokens& login_tokens,
            const services::Services& services)
      : ground_(ground),
        sessions_(sessions),
        passwords_(passwords),
        login_tokens_(login_tokens),
        services_(services) {}

  // For somebody who shows `token`, an access token of whatever worth; empty: none.
  Task<LoginFlows> list(const sessions::Use& use, std::string_view token);

 private:
  Task<std::optional<ReturningAccount>> recognise(const sessions::Use& use, std::string_view token);

  const Ground& ground_;
  sessions::Sessions& sessions_;
  const accounts::Passwords& passwords_;
  const LoginTokens& login_tokens_;
  const services::Services& services_;
};

}  // namespace latchkey::signin
