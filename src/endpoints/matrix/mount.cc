#include "endpoints/matrix/mount.h"

#include "endpoints/matrix/api.h"

namespace latchkey::matrix {

void mount(http::Router& router, const Api& api) {
  router.cors_below("/_matrix/");
  mount_versions(router);
  mount_login(router, api);
  mount_register(router, api);
  mount_refresh(router, api);
  mount_logout(router, api);
  mount_whoami(router, api);
}

}  // namespace latchkey::matrix
