// GET /capabilities (spec "Capabilities negotiation"): of this service alone.

#include <boost/json/serialize.hpp>

#include "endpoints/matrix/api.h"
#include "endpoints/matrix/body.h"
#include "endpoints/matrix/caller.h"
#include "endpoints/matrix/mount.h"

namespace latchkey::matrix {
namespace {

namespace json = boost::json;

json::object enabled(bool yes) { return {{"enabled", yes}}; }

Task<http::Response> get_capabilities(const Api& api, const http::Request& request) {
  const auto who = co_await identify(api, request);
  if (!who) co_return who.error();
  const bool confirms = co_await api.auth.can_confirm(who->identity.user);
  json::object all{
      {"m.change_password", enabled(confirms)},
      {"m.get_login_token", enabled(confirms && api.login_tokens.enabled() && !who->is_service())},
      {"m.3pid_changes", enabled(false)},
      // Profiles are the homeserver's; without one there are none.
      {"m.set_displayname", enabled(false)},
      {"m.set_avatar_url", enabled(false)},
      {"m.profile_fields", enabled(false)}};
  if (!accounts::Moderation::refuse(who->identity)) {
    all["m.account_moderation"] = json::object{{"suspend", true}, {"lock", true}};
  }
  http::Response response;
  response.body = json::serialize(json::object{{"capabilities", std::move(all)}});
  co_return response;
}

}  // namespace

void mount_capabilities(request::Routes& routes, const Api& api) {
  add(routes, http::Method::get, "/capabilities",
      [&api](const http::Request& request) { return get_capabilities(api, request); },
      {.options = {.owner = request::Owner::homeserver}});
}

}  // namespace latchkey::matrix
