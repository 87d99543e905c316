#include "domain/oauth/start_granted_session.h"

#include "domain/oauth/claims.h"

namespace latchkey::oauth {

std::expected<sessions::Session, GrantRefused> start_granted_session(
    db::Tx& tx, sessions::Sessions& sessions, const sessions::Account& account,
    const clients::Client& client, const Scope& scope, sessions::Method method,
    std::optional<BrowserSessionId> browser, const signin::Authentication& authenticated,
    const sessions::Origin& origin) {
  using Why = GrantRefused::Why;
  sessions::NewSession wanted{
      .device_id = scope.matrix ? std::optional(scope.device_id) : std::nullopt,
      .device = {.display_name = client.name.text},
      .refreshes = true,  // whatever it has registered (spec "Refresh token grant")
      .grant = sessions::ClientGrant{client.id, scope.text()},
      .method = method,
      .browser = browser,
      .origin = origin,
  };
  auto session = sessions.start(tx, account, wanted);
  if (session) {
    if (scope.openid) note_openid_session(tx, session->record.id, authenticated);
    return std::move(*session);
  }
  switch (session.error()) {
    case sessions::StartRefusal::account_locked:
      return std::unexpected(GrantRefused{Why::locked, "This account is locked."});
    case sessions::StartRefusal::too_many_devices:
      return std::unexpected(GrantRefused{
          Why::invalid_grant, "This account has too many devices: sign one of them out first."});
    case sessions::StartRefusal::account_deactivated:
      break;
  }
  return std::unexpected(GrantRefused{Why::invalid_grant, "This account is deactivated."});
}

}  // namespace latchkey::oauth
