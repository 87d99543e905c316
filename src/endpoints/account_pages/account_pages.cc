#include "endpoints/account_pages/account_pages.h"

#include "endpoints/pages/next.h"
#include "endpoints/request/standard_error.h"

namespace latchkey::account_pages {
namespace {

// Who opens the bare address of the server in a browser is a person.
Task<http::Response> get_root(const http::Request& /*request*/) {
  co_return pages::see_other(std::string(pages::kHome));
}

}  // namespace

void mount(http::Router& router, const pages::AccountPages& pages) {
  request::Routes routes(router, pages::surface(pages));
  routes.below(std::string(pages::kHome));
  mount_sign_in(routes, pages);
  mount_sign_up(routes, pages);
  mount_home(routes, pages);
  mount_sso(routes, pages);
  mount_devices(routes, pages);
  mount_password(routes, pages);
  mount_destroy(routes, pages);
  request::Routes root(router, {.name = "root", .refuse = request::standard_refusal});
  root.add(http::Method::get, "/", get_root, {.owner = request::Owner::homeserver});
}

}  // namespace latchkey::account_pages
