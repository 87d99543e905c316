#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "domain/services/services.h"
#include "domain/signin/login_tokens.h"
#include "domain/signin/password_check.h"

namespace latchkey::signin {

// What a sign-in or a registration gives.
struct SignedIn {
  std::string localpart;
  std::string device_id;
  sessions::TokenPair tokens;
};

// The ways to sign in of POST /login (spec "Legacy login"). All begin the session in the same way.
class SignIn {
 public:
  SignIn(const Ground& ground, sessions::Sessions& sessions, PasswordCheck& passwords,
         LoginTokens& login_tokens, std::string server_name)
      : ground_(ground),
        sessions_(sessions),
        passwords_(passwords),
        login_tokens_(login_tokens),
        server_name_(std::move(server_name)) {}

  using Result = std::expected<SignedIn, LoginRefused>;

  // m.login.password.
  Task<Result> with_password(std::size_t worker, const Identifier& who, std::string password,
                             sessions::NewSession session);
  // The same, by a directory's person for whom an account has just been found or made.
  Task<Result> of_newcomer(std::size_t worker, CheckedUser user, sessions::NewSession session);
  // m.login.token: a token that was not used yet, once.
  Task<Result> with_token(std::size_t worker, std::string token, sessions::NewSession session);
  // m.login.application_service (spec "Appservice Login"): a user of the service's namespace, as
  // typed.
  Task<Result> for_service(std::size_t worker, const services::Service& service,
                           std::string_view user, sessions::NewSession session);

 private:
  using Started = std::expected<sessions::Session, LoginRefused>;
  // Within the transaction that has locked the account.
  Started start(db::Tx& tx, const accounts::Account& account, const sessions::NewSession& session);
  Result signed_in(std::size_t worker, const Started& started);

  const Ground& ground_;
  sessions::Sessions& sessions_;
  PasswordCheck& passwords_;
  LoginTokens& login_tokens_;
  const std::string server_name_;
};

}  // namespace latchkey::signin
