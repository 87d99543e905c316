#include "endpoints/matrix/mount.h"

#include "endpoints/matrix/api.h"

namespace latchkey::matrix {

void mount(http::Router& router, const Api& api) {
  router.cors_below("/_matrix/");
  mount_versions(router);
  mount_well_known(router, api);
  mount_capabilities(router, api);
  mount_login(router, api);
  mount_login_token(router, api);
  mount_sso(router);
  mount_register(router, api);
  mount_register_checks(router, api);
  mount_refresh(router, api);
  mount_logout(router, api);
  mount_whoami(router, api);
  mount_password(router, api);
  mount_deactivate(router, api);
  mount_devices(router, api);
  mount_moderation(router, api);
  mount_fallback(router, api);
}

}  // namespace latchkey::matrix
