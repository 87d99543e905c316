// Sign-in by an application service (spec "Appservice Login").

#include "domain/accounts/matrix_id.h"
#include "domain/sessions/session_rows.h"
#include "domain/signin/sign_in.h"

namespace latchkey::signin {

Task<SignIn::Result> SignIn::for_service(std::size_t worker, const services::Service& service,
                                         std::string_view user, sessions::NewSession session) {
  using Why = LoginRefused::Why;
  sessions_.require_hearing();
  session.method = sessions::Method::application_service;
  const auto localpart = accounts::localpart_meant(user, server_name_);
  if (!localpart || !service.claims(*localpart)) {
    co_return std::unexpected(LoginRefused{Why::outside_namespace});
  }
  const auto started = co_await ground_.db.write([&](db::Tx& tx) -> Started {
    const auto found = accounts::find_user(tx, *localpart);
    const auto account = found ? sessions::lock_account(tx, found->account.id) : std::nullopt;
    if (!account) return std::unexpected(LoginRefused{Why::not_registered});
    return start(tx, *account, session);
  });
  co_return signed_in(worker, started);
}

}  // namespace latchkey::signin
