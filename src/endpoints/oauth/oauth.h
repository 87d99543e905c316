#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/clients/clients.h"
#include "domain/limits/attempt_limits.h"
#include "domain/oauth/authorization_codes.h"
#include "domain/oauth/claims.h"
#include "domain/oauth/device_grants.h"
#include "domain/oauth/signing_keys.h"
#include "domain/registration/registration.h"
#include "domain/self/overview.h"
#include "domain/sessions/sessions.h"
#include "endpoints/oauth/introspect.h"
#include "endpoints/pages/visit.h"
#include "endpoints/request/routes.h"
#include "platform/crypto/secret.h"
#include "platform/http/public_url.h"

// OAuth 2.0 and OpenID Connect (spec "OAuth 2.0 API"). A client finds the endpoints by the metadata
// (metadata.cc, webfinger.cc), registers (register.cc), and sends its person to the consent page
// (authorize.cc, consent_page.h) or has a code typed (device_grant.cc); it gets tokens at the token
// endpoint (token.cc), which it proves itself to (authenticate.h). The homeserver asks what a token
// is worth (introspect.h). What fails is told as RFC 6749 has it (error_response.h), or on a page
// where a person looks.
namespace latchkey::oauth {

using pages::Language;
using pages::Text;

// Paths as the metadata names them.
namespace path {
inline constexpr std::string_view kAuthorize = "/oauth2/authorize";
inline constexpr std::string_view kToken = "/oauth2/token";
inline constexpr std::string_view kRevoke = "/oauth2/revoke";
inline constexpr std::string_view kIntrospect = "/oauth2/introspect";
inline constexpr std::string_view kRegistration = "/oauth2/registration";
inline constexpr std::string_view kDeviceAuthorization = "/oauth2/device";
inline constexpr std::string_view kUserinfo = "/oauth2/userinfo";
inline constexpr std::string_view kEndSession = "/oauth2/logout";
inline constexpr std::string_view kKeys = "/oauth2/keys.json";
inline constexpr std::string_view kAccount = "/account/";
inline constexpr std::string_view kLink = "/link";
}  // namespace path

// What the endpoints call; owned by app.
struct Api {
  const Clock& clock;
  sessions::Sessions& sessions;
  clients::Clients& clients;
  AuthorizationCodes& codes;
  DeviceGrants& devices;
  SigningKeys& keys;
  const Claims& claims;
  limits::AttemptLimits& limits;
  const pages::Site& site;
  self::Overview& overview;
  const registration::Registration& registration;
  const crypto::Secret& introspection_secret;  // the homeserver's
  ReadOwnToken own_token;                      // with which this server asks the homeserver
  std::string server_name;
  // What links to the account pages may ask for (MSC4191).
  std::vector<std::string_view> account_actions;
  const http::PublicUrl& public_url;  // its base() is the issuer
};

// A request that a client has posted, as an address: in one value where the headers of proxies
// might not hold it.
std::string carried(std::string_view path, const std::string& query);

void mount_metadata(request::Routes& routes, const Api& api);
void mount_webfinger(request::Routes& routes, const Api& api);
void mount_authorize(request::Routes& routes, const Api& api);
void mount_device_authorization(request::Routes& routes, const Api& api);
void mount_link(request::Routes& routes, const Api& api);
void mount_token(request::Routes& routes, const Api& api);
void mount_keys(request::Routes& routes, const Api& api);
void mount_userinfo(request::Routes& routes, const Api& api);
void mount_end_session(request::Routes& routes, const Api& api);

// POST /oauth2/registration (RFC 7591 section 3), open to everybody, limited by address.
void mount_registration(request::Routes& routes, const Clock& clock, clients::Clients& clients,
                        limits::AttemptLimits& limits);

// All of them. `api` must outlive the router.
void mount(http::Router& router, const Api& api);

}  // namespace latchkey::oauth
