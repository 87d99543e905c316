// What the server says of itself: its metadata (RFC 8414; OpenID Connect Discovery section 3,
// RP-Initiated Logout section 2.1; spec "Server metadata discovery"; MSC4191), one document at each
// place where clients look for it, and the keys of its ID tokens.

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "domain/clients/grants.h"
#include "domain/oauth/id_token.h"
#include "endpoints/oauth/oauth.h"

namespace latchkey::oauth {
namespace {

namespace json = boost::json;

json::array actions(const Api& api) {
  json::array list;
  for (const std::string_view action : api.account_actions) list.emplace_back(action);
  return list;
}

json::array languages(const Api& api) {
  json::array list;
  for (const auto& language : api.site.pages.texts().languages()) {
    list.emplace_back(language->code());
  }
  return list;
}

json::array grants() {
  json::array list;
  for (const clients::GrantType& type : clients::kGrantTypes) list.emplace_back(type.name);
  return list;
}

json::object metadata(const Api& api) {
  const std::string account = api.public_url.of(path::kAccount);
  json::array prompts{"none", "login", "consent", "select_account"};
  if (api.registration.open()) prompts.emplace_back("create");
  const json::array auth_methods{"none", "client_secret_basic", "client_secret_post",
                                 "private_key_jwt"};
  const json::array confidential{"client_secret_basic", "client_secret_post", "private_key_jwt"};
  const json::array algorithms{"RS256", "ES256"};
  return {
      {"issuer", api.public_url.base()},
      {"authorization_endpoint", api.public_url.of(path::kAuthorize)},
      {"token_endpoint", api.public_url.of(path::kToken)},
      {"revocation_endpoint", api.public_url.of(path::kRevoke)},
      {"introspection_endpoint", api.public_url.of(path::kIntrospect)},
      {"registration_endpoint", api.public_url.of(path::kRegistration)},
      {"device_authorization_endpoint", api.public_url.of(path::kDeviceAuthorization)},
      {"userinfo_endpoint", api.public_url.of(path::kUserinfo)},
      {"end_session_endpoint", api.public_url.of(path::kEndSession)},
      {"jwks_uri", api.public_url.of(path::kKeys)},
      {"subject_types_supported", json::array{"public"}},
      {"id_token_signing_alg_values_supported", algorithms},
      {"claims_supported",
       json::array{"iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "at_hash",
                   "c_hash", "sid", "name", "preferred_username", "email", "email_verified"}},
      {"acr_values_supported", json::array{kAcr}},
      {"backchannel_logout_supported", true},
      {"backchannel_logout_session_supported", true},
      {"response_types_supported", json::array{"code"}},
      {"response_modes_supported", json::array{"query", "fragment", "form_post"}},
      {"grant_types_supported", grants()},
      {"code_challenge_methods_supported", json::array{"S256"}},
      {"prompt_values_supported", std::move(prompts)},
      {"scopes_supported", json::array{"openid", "profile", "email", "urn:matrix:client:api:*"}},
      {"token_endpoint_auth_methods_supported", auth_methods},
      {"token_endpoint_auth_signing_alg_values_supported", algorithms},
      {"revocation_endpoint_auth_methods_supported", auth_methods},
      {"revocation_endpoint_auth_signing_alg_values_supported", algorithms},
      {"introspection_endpoint_auth_methods_supported", confidential},
      {"introspection_endpoint_auth_signing_alg_values_supported", algorithms},
      {"authorization_response_iss_parameter_supported", true},
      {"ui_locales_supported", languages(api)},
      {"request_parameter_supported", false},
      {"request_uri_parameter_supported", false},
      {"account_management_uri", account},
      {"account_management_actions_supported", actions(api)},
      {"org.matrix.msc4191.account_management_uri", account},
      {"org.matrix.msc4191.account_management_actions_supported", actions(api)},
  };
}

// GET /oauth2/keys.json (RFC 7517 section 5; OpenID Connect Discovery `jwks_uri`).
Task<http::Response> get_keys(const Api& api) {
  const auto keys = co_await api.keys.current();
  http::Response response;
  response.body = keys->jwks();
  // Clients that meet a key they do not know ask again.
  const auto cached = std::chrono::duration_cast<std::chrono::seconds>(kKeysCached).count();
  response.headers.emplace_back("Cache-Control", "public, max-age=" + std::to_string(cached));
  co_return response;
}

}  // namespace

void mount_metadata(request::Routes& routes, const Api& api) {
  const std::string body = json::serialize(metadata(api));
  for (const std::string_view place :
       {"/_matrix/client/v1/auth_metadata",
        "/_matrix/client/unstable/org.matrix.msc2965/auth_metadata",
        "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"}) {
    routes.add(http::Method::get, std::string(place),
               [body](const http::Request&) -> Task<http::Response> {
                 http::Response response;
                 response.body = body;
                 response.headers.emplace_back("Cache-Control", "public, max-age=3600");
                 co_return response;
               },
               {.cors = true});
  }
}

void mount_keys(request::Routes& routes, const Api& api) {
  routes.add(http::Method::get, std::string(path::kKeys),
             [&api](const http::Request&) { return get_keys(api); }, {.cors = true});
}

}  // namespace latchkey::oauth
