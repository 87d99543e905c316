#include "domain/signin/login_flows.h"

#include <algorithm>

#include "domain/accounts/user_rows.h"

namespace latchkey::signin {

LoginFlows flows_for(const LoginOffer& offer, const std::optional<ReturningAccount>& account) {
  const bool password = offer.passwords && (!account || account->has_password);
  return {.password = password,
          .token = offer.login_tokens && password,
          .sso = offer.login_tokens && password,
          .service = offer.services && (!account || account->of_service)};
}

Task<std::optional<ReturningAccount>> LoginWays::recognise(const sessions::Use& use,
                                                           std::string_view token) {
  if (token.empty()) co_return std::nullopt;
  const auto account = co_await sessions_.recognise(use, token);
  if (!account) co_return std::nullopt;
  const auto user = co_await ground_.db.read(
      [&](db::Tx& tx) { return accounts::find_user_by_id(tx, account->id); });
  co_return ReturningAccount{
      .has_password = user && user->password_hash.has_value(),
      .of_service = std::ranges::any_of(services_.all(), [&](const services::Service& service) {
        return service.claims(account->localpart);
      })};
}

Task<LoginFlows> LoginWays::list(const sessions::Use& use, std::string_view token) {
  const LoginOffer offer{.passwords = passwords_.enabled(),
                         .login_tokens = login_tokens_.enabled(),
                         .services = !services_.empty()};
  co_return flows_for(offer, co_await recognise(use, token));
}

}  // namespace latchkey::signin
