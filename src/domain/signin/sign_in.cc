#include "domain/signin/sign_in.h"

#include <utility>

#include "domain/accounts/matrix_id.h"
#include "domain/sessions/device_id.h"
#include "domain/sessions/session_rows.h"

namespace latchkey::signin {
namespace {

using sessions::StartRefusal;
using Why = LoginRefused::Why;

LoginRefused refusal_of(StartRefusal refusal) {
  switch (refusal) {
    case StartRefusal::account_deactivated:
      return {Why::account_deactivated};
    case StartRefusal::account_locked:
      return {Why::account_locked};
    case StartRefusal::too_many_devices:
      break;
  }
  return {Why::too_many_devices};
}

void choose_device(sessions::NewSession& session) {
  if (session.device_id) return;
  session.device_id = sessions::new_device_id();
  session.new_device = true;
}

}  // namespace

Task<SignIn::Result> SignIn::with_password(std::size_t worker, const Identifier& who,
                                           std::string password, sessions::NewSession session) {
  co_await sessions_.require_in_touch();
  session.method = sessions::Method::password;
  choose_device(session);
  if (!passwords_.enabled()) {
    co_return std::unexpected(LoginRefused{Why::not_offered});
  }
  const auto unlocked = [&](const CheckedUser& user) -> Task<std::optional<Started>> {
    auto started = co_await sessions_.start_unlocked(user.account, user.hash, session);
    if (!started) co_return std::nullopt;
    co_return Started(std::move(*started));
  };
  co_return signed_in(worker, co_await passwords_.with_account(
                                  who, std::move(password), session.origin.address, unlocked,
                                  [&](db::Tx& tx, const accounts::Account& account) {
                                    return start(tx, account, session);
                                  }));
}

Task<SignIn::Result> SignIn::of_newcomer(std::size_t worker, CheckedUser user,
                                         sessions::NewSession session) {
  session.method = sessions::Method::password;
  choose_device(session);
  co_return signed_in(worker, co_await ground_.db.write([&](db::Tx& tx) -> Started {
    auto account = PasswordCheck::lock_if_unchanged(tx, user);
    if (!account) return std::unexpected(LoginRefused{Why::wrong_credentials});
    passwords_.take_over_of(tx, user, session.origin.address, *account);
    return start(tx, *account, session);
  }));
}

Task<SignIn::Result> SignIn::with_token(std::size_t worker, std::string token,
                                        sessions::NewSession session) {
  co_await sessions_.require_in_touch();
  session.method = sessions::Method::login_token;
  choose_device(session);
  if (!login_tokens_.enabled()) co_return std::unexpected(LoginRefused{Why::not_offered});
  const auto started = co_await ground_.db.write([&](db::Tx& tx) -> Started {
    const auto taken = login_tokens_.take(tx, token);
    if (!taken) return std::unexpected(LoginRefused{Why::token_not_good});
    session.browser = taken->browser;
    return start(tx, taken->account, session);
  });
  co_return signed_in(worker, started);
}

Task<SignIn::Result> SignIn::for_service(std::size_t worker, const services::Service& service,
                                         std::string_view user, sessions::NewSession session) {
  co_await sessions_.require_in_touch();
  session.method = sessions::Method::application_service;
  choose_device(session);
  const auto started = co_await ground_.db.write([&](db::Tx& tx) -> Started {
    const auto found = accounts::find_user_named(tx, user, server_name_);
    const auto localpart = found ? std::optional(found->account.localpart)
                                 : accounts::exact_localpart(user, server_name_);
    if (!localpart || !service.claims(*localpart)) {
      return std::unexpected(LoginRefused{Why::outside_namespace});
    }
    const auto account = found ? sessions::lock_account(tx, found->account.id) : std::nullopt;
    if (!account) return std::unexpected(LoginRefused{Why::not_registered});
    return start(tx, *account, session);
  });
  co_return signed_in(worker, started);
}

SignIn::Started SignIn::start(db::Tx& tx, const accounts::Account& account,
                              const sessions::NewSession& session) {
  auto started = sessions_.start(tx, account, session);
  if (!started) return std::unexpected(refusal_of(started.error()));
  return std::move(*started);
}

SignIn::Result SignIn::signed_in(std::size_t worker, const Started& started) {
  if (!started) return std::unexpected(started.error());
  return SignedIn{started->account.localpart, started->record.device_id,
                  sessions_.tokens_of(worker, started->record)};
}

}  // namespace latchkey::signin
