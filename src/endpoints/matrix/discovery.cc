// What the server says of itself: GET /versions, /.well-known/matrix/client, and /capabilities
// (spec "Capabilities negotiation"): the homeserver's with what is done here laid over, or of this
// service alone where none is behind.

#include <boost/json/serialize.hpp>

#include "endpoints/matrix/body.h"
#include "endpoints/matrix/caller.h"
#include "endpoints/matrix/matrix.h"

namespace latchkey::matrix {
namespace {

namespace json = boost::json;

json::object enabled(bool yes) { return {{"enabled", yes}}; }

constexpr std::string_view kModeration[] = {"m.account_moderation", "uk.timedout.msc4323"};

// The request as the homeserver is to be asked.
homeserver::Asking asking(const Api& api, const http::Request& request, const signin::Caller& who) {
  const auto token = access_token(request, api.sessions.policy());
  return {
      .token = token && *token ? **token : std::string(),
      .as_user =
          who.is_service()
              ? std::string("@").append(who.identity.localpart).append(":").append(api.server_name)
              : std::string()};
}

Task<http::Response> get_capabilities(const Api& api, const http::Request& request) {
  const auto who = co_await identify(api, request);
  if (!who) co_return who.error();
  const bool confirms = co_await api.auth.can_confirm(who->identity.user);
  json::object all;
  if (api.capabilities != nullptr) {
    all = co_await api.capabilities->of(who->identity.localpart, asking(api, request, *who));
    // Its own say about what is done here.
    for (const std::string_view name : kModeration) all.erase(name);
  } else {
    // Profiles are the homeserver's; without one there are none.
    for (const std::string_view name :
         {"m.set_displayname", "m.set_avatar_url", "m.profile_fields"}) {
      all[name] = enabled(false);
    }
  }
  const bool elsewhere =
      (co_await api.operations.password_elsewhere(who->identity.user)).has_value();
  all["m.change_password"] =
      enabled(confirms && api.operations.password_change_offered() && !elsewhere);
  all["m.get_login_token"] = enabled(confirms && api.login_tokens.enabled() && !who->is_service());
  all["m.3pid_changes"] = enabled(false);
  if (!administration::Moderation::refuse(who->identity)) {
    all["m.account_moderation"] = json::object{{"suspend", true}, {"lock", true}};
  }
  http::Response response;
  response.body = json::serialize(json::object{{"capabilities", std::move(all)}});
  co_return response;
}

// The releases whose authentication endpoints are served as they say.
constexpr std::string_view kVersions =
    R"({"versions":["r0.6.1","v1.1","v1.2","v1.3","v1.4","v1.5","v1.6","v1.7","v1.8","v1.9",)"
    R"("v1.10","v1.11","v1.12","v1.13","v1.14","v1.15","v1.16","v1.17","v1.18","v1.19"],)"
    R"("unstable_features":{"org.matrix.msc3741":true,"uk.timedout.msc4323":true}})";

}  // namespace

void mount_discovery(request::Routes& routes, const Api& api) {
  add(routes, http::Method::get, "/capabilities",
      [&api](const http::Request& request) { return get_capabilities(api, request); }, {});
  routes.add(http::Method::get, "/_matrix/client/versions",
             [](const http::Request&) -> Task<http::Response> {
               http::Response response;
               response.body = kVersions;
               co_return response;
             },
             {.owner = request::Owner::homeserver, .cors = true});
  const std::string body = json::serialize(
      json::object{{"m.homeserver", json::object{{"base_url", api.public_url.without_slash()}}}});
  routes.add(http::Method::get, "/.well-known/matrix/client",
             [body](const http::Request&) -> Task<http::Response> {
               http::Response response;
               response.body = body;
               co_return response;
             },
             {.owner = request::Owner::homeserver, .cors = true});
}

}  // namespace latchkey::matrix
