// Sign-in with a password (spec "Legacy login", m.login.password).

#include <utility>

#include "domain/signin/sign_in.h"

namespace latchkey::signin {
namespace {

constexpr int kMostTries = 5;

}  // namespace

Task<SignIn::Result> SignIn::with_password(std::size_t worker, const Identifier& who,
                                           std::string password, sessions::NewSession session) {
  sessions_.require_hearing();
  session.method = sessions::Method::password;
  if (!passwords_.enabled()) {
    co_return std::unexpected(LoginRefused{LoginRefused::Why::not_offered});
  }
  // Again when the hash was replaced meanwhile: by a change of the password, or by another
  // sign-in that made it anew.
  for (int tries = 0; tries < kMostTries; ++tries) {
    const auto checked = co_await passwords_.check(who, password, session.origin.address);
    if (!checked) co_return std::unexpected(checked.error());
    const auto new_hash = co_await passwords_.renew(*checked, password);
    const auto started =
        co_await sessions_.database().write([&](db::Tx& tx) -> std::optional<Started> {
          // The state of the account counts as it is now, not as it was before the hashing.
          const auto account = PasswordCheck::lock_if_unchanged(tx, *checked);
          if (!account) return std::nullopt;
          if (new_hash) accounts::update_password_hash(tx, account->id, *new_hash);
          return start(tx, *account, session);
        });
    if (started) co_return signed_in(worker, *started);
  }
  throw db::Unavailable("a password was changed again and again while it was checked");
}

}  // namespace latchkey::signin
