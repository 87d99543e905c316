#include "endpoints/account_pages/mount.h"

#include "endpoints/account_pages/apps.h"

namespace latchkey::account_pages {

void mount(http::Router& router, const pages::AccountPages& pages) {
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

}  // namespace latchkey::account_pages
