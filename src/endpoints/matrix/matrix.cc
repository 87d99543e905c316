
#include "endpoints/matrix/matrix.h"

#include "endpoints/request/standard_error.h"

namespace latchkey::matrix {

void mount(http::Router& router, const Api& api) {
  request::Routes routes(router, {.name = "matrix", .refuse = request::standard_refusal});
  routes.below("/_matrix/", {.owner = request::Owner::homeserver, .cors = true});
  // Not served, and not the homeserver's either: it would keep addresses of its own.
  for (const char* version : {"r0", "v3"}) {
    routes.below(std::string("/_matrix/client/") + version + "/account/3pid", {.cors = true});
  }
  mount_discovery(routes, api);
  mount_login(routes, api);
  mount_register(routes, api);
  mount_refresh(routes, api);
  mount_logout(routes, api);
  mount_account(routes, api);
  mount_devices(routes, api);
  mount_moderation(routes, api);
  mount_fallback(routes, api);
}

}  // namespace latchkey::matrix
