#include "outbound/oidc/metadata.h"

#include <algorithm>
#include <boost/json/array.hpp>

#include "outbound/provider_calls/address.h"
#include "outbound/provider_calls/calls.h"
#include "platform/text/json.h"

namespace latchkey::outbound::oidc {
namespace {

namespace json = boost::json;
using Why = providers::Failure::Why;

bool is_true(const json::object& document, std::string_view name) {
  const auto* value = document.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

Metadata::List list_of(const json::object& document, std::string_view name) {
  const auto* value = document.if_contains(name);
  if (value == nullptr || !value->is_array()) return std::nullopt;
  std::vector<std::string> list;
  for (const auto& one : value->get_array()) {
    if (one.is_string()) list.emplace_back(one.get_string());
  }
  return list;
}

struct Endpoint {
  const char* name;
  std::string Metadata::* member;
  std::string OidcOptions::* configured;
};
constexpr Endpoint kEndpoints[] = {
    {"authorization_endpoint", &Metadata::authorization_endpoint,
     &OidcOptions::authorization_endpoint},
    {"token_endpoint", &Metadata::token_endpoint, &OidcOptions::token_endpoint},
    {"userinfo_endpoint", &Metadata::userinfo_endpoint, &OidcOptions::userinfo_endpoint},
    {"jwks_uri", &Metadata::jwks_uri, &OidcOptions::jwks_uri},
    {"end_session_endpoint", &Metadata::end_session_endpoint, &OidcOptions::end_session_endpoint},
};

bool needs(const OidcOptions& options, std::string_view endpoint) {
  if (endpoint == "authorization_endpoint" || endpoint == "token_endpoint") return true;
  if (endpoint == "jwks_uri") return options.openid();
  return endpoint == "userinfo_endpoint" &&
         (!options.openid() || options.userinfo == OidcOptions::Userinfo::required);
}

// Where a document has no list, this is meant by it.
bool offers(const Metadata::List& list, std::string_view value,
            std::initializer_list<std::string_view> unsaid) {
  if (!list) return std::ranges::find(unsaid, value) != unsaid.end();
  return std::ranges::find(*list, value) != list->end();
}

}  // namespace

std::string_view name_of(OidcOptions::ClientAuth method) {
  switch (method) {
    case OidcOptions::ClientAuth::client_secret_basic:
      return "client_secret_basic";
    case OidcOptions::ClientAuth::client_secret_post:
      return "client_secret_post";
    case OidcOptions::ClientAuth::client_secret_jwt:
      return "client_secret_jwt";
    case OidcOptions::ClientAuth::private_key_jwt:
      return "private_key_jwt";
    case OidcOptions::ClientAuth::none:
      break;
  }
  return "none";
}

std::string metadata_url(const OidcOptions& options) {
  std::string issuer = options.metadata_issuer();
  if (issuer.ends_with('/')) issuer.pop_back();
  if (options.openid()) return issuer + "/.well-known/openid-configuration";
  // RFC 8414 section 3.1: before the path.
  const std::size_t path = issuer.find('/', issuer.find("://") + 3);
  const std::string_view name = "/.well-known/oauth-authorization-server";
  return issuer.insert(std::min(path, issuer.size()), name);
}

providers::Reply<Metadata> read_metadata(const json::object& document, const OidcOptions& options) {
  const std::string_view issuer = text::text_of(document, "issuer");
  if (issuer != options.issuer) {
    return std::unexpected(failure(Why::misconfigured, "wrong_issuer",
                                   "the provider calls itself '" + cited(issuer) +
                                       "'; issuer must be that, letter for letter, and is '" +
                                       options.issuer + "'"));
  }
  Metadata metadata;
  for (const Endpoint& endpoint : kEndpoints) {
    std::string& address = metadata.*(endpoint.member);
    address = options.*(endpoint.configured);
    if (!address.empty()) continue;
    address = text::text_of(document, endpoint.name);
    const std::string name = endpoint.name;
    if (address.empty()) {
      if (!needs(options, name)) continue;
      return std::unexpected(failure(Why::misconfigured, "missing_endpoint",
                                     "the provider's metadata have no " + name));
    }
    if (!is_address(address, Query::may)) {
      return std::unexpected(failure(Why::misconfigured, "bad_endpoint",
                                     "the provider's " + name + " is not an address"));
    }
    if (options.issuer.starts_with("https:") && !address.starts_with("https:")) {
      return std::unexpected(failure(Why::misconfigured, "plain_endpoint",
                                     "the provider's " + name + " is not of https"));
    }
  }
  metadata.names_itself = is_true(document, "authorization_response_iss_parameter_supported");
  metadata.back_channel_logout = is_true(document, "backchannel_logout_supported");
  metadata.scopes = list_of(document, "scopes_supported");
  metadata.response_modes = list_of(document, "response_modes_supported");
  metadata.client_auth_methods = list_of(document, "token_endpoint_auth_methods_supported");
  metadata.id_token_algorithms = list_of(document, "id_token_signing_alg_values_supported");
  metadata.code_challenge_methods = list_of(document, "code_challenge_methods_supported");
  return metadata;
}

Metadata configured_metadata(const OidcOptions& options) {
  Metadata metadata;
  for (const Endpoint& endpoint : kEndpoints) {
    metadata.*(endpoint.member) = options.*(endpoint.configured);
  }
  return metadata;
}

std::vector<std::string> differences(const Metadata& metadata, const OidcOptions& options) {
  std::vector<std::string> found;
  // Who lets clients in that prove nothing need not list it: Keycloak does not.
  if (const auto method = name_of(options.client_auth);
      options.client_auth != OidcOptions::ClientAuth::none &&
      !offers(metadata.client_auth_methods, method, {"client_secret_basic"})) {
    found.push_back("client_auth: the provider does not list " + std::string(method));
  }
  if (options.response_mode == OidcOptions::ResponseMode::form_post &&
      !offers(metadata.response_modes, "form_post", {})) {
    found.emplace_back("response_mode: the provider does not list form_post");
  }
  if (options.openid() &&
      std::ranges::none_of(options.id_token_algorithms, [&](const std::string& name) {
        return offers(metadata.id_token_algorithms, name, {"RS256"});
      })) {
    found.emplace_back("id_token_algorithms: the provider lists none of these");
  }
  if (metadata.scopes) {
    for (const std::string& scope : options.scopes) {
      if (!offers(metadata.scopes, scope, {})) {
        found.push_back("scopes: the provider does not list " + scope);
      }
    }
  }
  if (options.pkce && metadata.code_challenge_methods &&
      !offers(metadata.code_challenge_methods, "S256", {})) {
    found.emplace_back("pkce: the provider does not list S256");
  }
  return found;
}

}  // namespace latchkey::outbound::oidc
