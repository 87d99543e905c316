#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/accounts/passwords.h"
#include "domain/services/services.h"
#include "domain/sessions/sessions.h"
#include "domain/signin/authentication.h"
#include "domain/signin/login_tokens.h"

// Which ways to sign in GET /login lists (spec "GET /login"; MSC3741).
namespace latchkey::signin {

// A way to sign in, as a row of the list.
struct LoginFlow {
  std::string_view type;  // "m.login.password"
  AuthMethods by = {};    // any of which it needs of a person
  bool by_service = false;
  bool by_login_token = false;   // with which a client comes back
  bool in_browser = false;       // on the pages, where its providers are chosen from
  std::string_view marked = {};  // a key of its object that is true; empty: none

  bool operator==(const LoginFlow&) const = default;
};

// What the configuration offers to anybody.
struct LoginOffer {
  AuthMethods methods;
  bool providers = false;  // to which people are sent with their browsers
  bool login_tokens = false;
  bool services = false;
};

// What is known of an account that has to find back.
struct ReturningAccount {
  AuthMethods methods;
  std::vector<std::string> linked = {};  // ids of providers
  bool of_service = false;               // in the namespace of an application service
};

// Without an account everything that is offered; with one only what leads back to that account, and
// nothing if nothing does. A login token is made by somebody who has confirmed to be the user, so
// it leads nowhere without a method that authenticates them; nor do the pages in the browser. Where
// those offer providers, an account that is linked to none is not sent there: its password leads
// back to it, and whatever else is on the page to another account or a new one.
std::vector<LoginFlow> flows_for(const LoginOffer& offer,
                                 const std::optional<ReturningAccount>& account);

// What GET /login lists.
struct LoginList {
  std::vector<LoginFlow> flows;
  // Of the flow in the browser, by their ids: those to which the account is linked.
  std::vector<std::string> providers;
};

class LoginWays {
 public:
  LoginWays(const Ground& ground, sessions::Sessions& sessions,
            const accounts::Passwords& passwords, const LoginTokens& login_tokens,
            const services::Services& services, const providers::ProviderSet& providers)
      : ground_(ground),
        sessions_(sessions),
        passwords_(passwords),
        login_tokens_(login_tokens),
        services_(services),
        providers_(providers) {}

  // For somebody who shows `token`, an access token of whatever worth; empty: none.
  Task<LoginList> list(const sessions::Use& use, std::string_view token);

 private:
  Task<std::optional<ReturningAccount>> recognise(const sessions::Use& use, std::string_view token);
  // Those that are offered, of an account those that it is linked to.
  std::vector<std::string> providers_of(const std::optional<ReturningAccount>& account) const;

  const Ground& ground_;
  sessions::Sessions& sessions_;
  const accounts::Passwords& passwords_;
  const LoginTokens& login_tokens_;
  const services::Services& services_;
  const providers::ProviderSet& providers_;
};

}  // namespace latchkey::signin
