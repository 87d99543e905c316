#include "app/oauth_api.h"

#include "domain/clients/client_auth.h"
#include "endpoints/account_pages/actions.h"

namespace latchkey::app {
OauthApi::OauthApi(Core& core, limits::AttemptLimits& limits, account_pages::AccountPages& pages)
    : clients_(*core.ground, core.oauth_clients, core.config.oauth.hosts()),
      codes_(*core.ground, *core.sessions, clients_),
      devices_(*core.ground, *core.sessions, clients_),
      keys_(*core.ground, *core.sessions),
      claims_(*core.ground),
      api{.clock = core.clock,
          .sessions = *core.sessions,
          .clients = clients_,
          .codes = codes_,
          .devices = devices_,
          .keys = keys_,
          .claims = claims_,
          .limits = limits,
          .site = pages,
          .overview = pages.overview,
          .registration = pages.registration,
          .introspection_secret = core.config.homeserver_secret(),
          .own_token = [&core](std::string_view token) -> std::optional<oauth::OwnToken> {
            const auto& tokens = core.administrator_tokens;
            const auto left = tokens ? tokens->left(token) : std::nullopt;
            if (!left) return std::nullopt;
            return oauth::OwnToken{.username = core.config.homeserver.administrator, .left = *left};
          },
          .server_name = core.config.server_name,
          .account_actions =
              account_pages::supported_actions(core.config.account, core.homeserver != nullptr),
          .public_url = core.public_url} {
  pages.client_name = [this](std::string id) -> Task<std::string> {
    const auto client = co_await clients_.find(std::move(id));
    co_return client ? client->shown_name("") : std::string();
  };
}

void OauthApi::purge(const Batches& batches) {
  codes_.purge(batches);
  devices_.purge(batches);
  clients_.purge(batches);
  keys_.purge();
  claims_.purge(batches);
}

}  // namespace latchkey::app
