// Sign-in with a password (spec "Legacy login", m.login.password).

#include <utility>

#include "domain/signin/sign_in.h"

namespace latchkey::signin {

Task<SignIn::Result> SignIn::with_password(std::size_t worker, const Identifier& who,
                                           std::string password, sessions::NewSession session) {
  sessions_.require_hearing();
  session.method = sessions::Method::password;
  if (!passwords_.enabled()) {
    co_return std::unexpected(LoginRefused{LoginRefused::Why::not_offered});
  }
  co_return signed_in(
      worker, co_await passwords_.with_account(who, std::move(password), session.origin.address,
                                               [&](db::Tx& tx, const accounts::Account& account) {
                                                 return start(tx, account, session);
                                               }));
}

}  // namespace latchkey::signin
