// The server's metadata (RFC 8414; OpenID Connect Discovery section 3, RP-Initiated Logout section
// 2.1; spec "Server metadata discovery"; MSC4191): one document at each place where clients look
// for it.

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "domain/clients/client_metadata.h"
#include "endpoints/oauth/api.h"

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
  for (const auto& language : api.account.pages.texts().languages()) {
    list.emplace_back(language->code());
  }
  return list;
}

json::object metadata(const Api& api) {
  const std::string account = url(api, path::kAccount);
  json::array prompts{"none", "login", "consent"};
  if (api.account.registration.open()) prompts.emplace_back("create");
  const json::array auth_methods{"none", "client_secret_basic", "client_secret_post",
                                 "private_key_jwt"};
  const json::array confidential{"client_secret_basic", "client_secret_post", "private_key_jwt"};
  const json::array algorithms{"RS256", "ES256"};
  return {
      {"issuer", api.issuer},
      {"authorization_endpoint", url(api, path::kAuthorize)},
      {"token_endpoint", url(api, path::kToken)},
      {"revocation_endpoint", url(api, path::kRevoke)},
      {"introspection_endpoint", url(api, path::kIntrospect)},
      {"registration_endpoint", url(api, path::kRegistration)},
      {"device_authorization_endpoint", url(api, path::kDeviceAuthorization)},
      {"userinfo_endpoint", url(api, path::kUserinfo)},
      {"end_session_endpoint", url(api, path::kEndSession)},
      {"jwks_uri", url(api, path::kKeys)},
      {"subject_types_supported", json::array{"public"}},
      {"id_token_signing_alg_values_supported", algorithms},
      {"claims_supported",
       json::array{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "c_hash",
                   "sid", "preferred_username", "email", "email_verified"}},
      {"response_types_supported", json::array{"code"}},
      {"response_modes_supported", json::array{"query", "fragment"}},
      {"grant_types_supported",
       json::array{"authorization_code", "refresh_token", clients::kDeviceCode}},
      {"code_challenge_methods_supported", json::array{"S256"}},
      {"prompt_values_supported", std::move(prompts)},
      {"scopes_supported", json::array{"openid", "email", "urn:matrix:client:api:*"}},
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

}  // namespace

std::string url(const Api& api, std::string_view path) {
  return api.issuer + std::string(path.substr(1));
}

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

}  // namespace latchkey::oauth
