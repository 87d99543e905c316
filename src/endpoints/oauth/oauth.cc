#include "endpoints/oauth/oauth.h"

#include "endpoints/oauth/authenticate.h"
#include "endpoints/oauth/error_response.h"
#include "endpoints/oauth/introspect.h"
#include "endpoints/pages/next.h"
#include "endpoints/pages/surface.h"
#include "endpoints/request/standard_error.h"

namespace latchkey::oauth {

std::string carried(std::string_view path, const std::string& query) {
  constexpr std::size_t kLong = 2000;
  std::string address = std::string(path) + "?" + query;
  return address.size() > kLong ? pages::shortened(address) : address;
}

void mount(http::Router& router, const Api& api) {
  request::Routes metadata(router, {.name = "metadata", .refuse = request::standard_refusal});
  mount_metadata(metadata, api);
  mount_webfinger(metadata, api);

  request::Routes pages(router, pages::surface(api.site));
  mount_authorize(pages, api);
  mount_link(pages, api);
  mount_end_session(pages, api);

  request::Routes routes(router, {.name = "oauth", .refuse = server_refusal});
  routes.below("/oauth2/", {.owner = request::Owner::homeserver});
  mount_registration(routes, api.clock, api.clients, api.limits);
  mount_token(routes, api);
  mount_device_authorization(routes, api);
  mount_keys(routes, api);
  mount_userinfo(routes, api);
  mount_introspection(
      routes, api.clock, api.sessions, api.introspection_secret, api.limits,
      [&api](const http::Request& request, const http::Form& form) {
        return introspecting_client(api, request, form);
      },
      api.own_token);
}

}  // namespace latchkey::oauth
