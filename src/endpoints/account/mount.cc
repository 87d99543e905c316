#include "endpoints/account/mount.h"

#include "endpoints/account/apps.h"

namespace latchkey::account {

void mount(http::Router& router, const AccountPages& pages) {
  mount_sign_in(router, pages);
  mount_sign_up(router, pages);
  mount_home(router, pages);
  mount_sso(router, pages);
  mount_profile(router, pages);
  mount_devices(router, pages);
  mount_apps(router, pages);
  mount_password(router, pages);
  mount_recover(router, pages);
  mount_destroy(router, pages);
}

}  // namespace latchkey::account
