#include "app/routes.h"

#include "endpoints/account_pages/account_pages.h"
#include "endpoints/admin/health.h"
#include "endpoints/edge/check.h"

namespace latchkey::app {

void mount(http::Router& router, Core& core, const ClientApi& client_api,
           const OauthApi& oauth_api) {
  matrix::mount(router, client_api.api);
  oauth::mount(router, oauth_api.api);
  account_pages::mount(router, client_api.pages);
  edge::mount(router, {.sessions = *core.sessions,
                       .server_name = core.config.server_name,
                       .options = core.config.edge});
  admin::mount_health(router, *core.sessions, [&core] { return core.unfit(); });
}

}  // namespace latchkey::app
