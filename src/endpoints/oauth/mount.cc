#include "endpoints/oauth/api.h"
#include "endpoints/oauth/register.h"

namespace latchkey::oauth {

void mount(http::Router& router, const Api& api) {
  mount_metadata(router, api);
  mount_registration(router, api.sessions, api.clients, api.limits);
  mount_authorize(router, api);
  mount_token(router, api);
  mount_device_authorization(router, api);
  mount_link(router, api);
  mount_jwks(router, api);
  mount_revoke(router, api);
  mount_userinfo(router, api);
  mount_end_session(router, api);
}

}  // namespace latchkey::oauth
