#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/clients/grants.h"
#include "platform/secret.h"

// OAuth 2.0 clients (RFC 7591 section 2; spec "Client registration").
namespace latchkey::clients {

enum class ApplicationType { web, native };
enum class ClientAuthMethod { none, client_secret_basic, client_secret_post, private_key_jwt };

// One text in several languages: `client_name` and `client_name#fr` (RFC 7591 section 2.2).
struct Localized {
  std::string text;                                            // without a language
  std::vector<std::pair<std::string, std::string>> languages;  // BCP 47 tag, text

  // The best for what a browser accepts (Accept-Language, RFC 9110 section 12.5.4).
  const std::string& best(std::string_view accept_language) const;
};

struct Client {
  std::string id;
  Localized name;  // empty: the client_uri's host stands for it
  Localized client_uri;
  Localized logo_uri;  // never fetched and never shown from its own address
  Localized tos_uri;
  Localized policy_uri;
  ApplicationType type = ApplicationType::web;
  std::vector<std::string> redirect_uris;
  std::vector<std::string> post_logout_redirect_uris;
  // Of the configuration: where it is told that a session is over (OpenID Connect Back-Channel
  // Logout 1.0 section 2.2); empty: nowhere.
  std::string backchannel_logout_uri;
  std::vector<std::string> grant_types;     // their names: see grants.h
  std::vector<std::string> response_types;  // code
  ClientAuthMethod auth_method = ClientAuthMethod::none;
  std::string id_token_signed_response_alg = "RS256";
  bool configured = false;   // of the configuration file rather than registered
  bool needs_pkce = true;    // false: may send a nonce instead (RFC 9700 section 2.1.1)
  bool first_party = false;  // of the operator: people are not asked for their consent
  Secret secret;             // of the configuration, with client_secret_*
  boost::json::object jwks;  // of the configuration, with private_key_jwt

  bool may(Grant grant) const;
  // Whether it has a grant with which one signs in.
  bool signs_in() const;
  // Whether this is one of the client's redirect URIs: exactly, except the port of a loopback
  // address of a native client (RFC 8252 section 7.3; RFC 9700 section 2.1).
  bool redirects_to(std::string_view uri) const;
  // The same of the addresses that people come back to who have signed out (OpenID Connect
  // RP-Initiated Logout 1.0 section 3.1).
  bool comes_back_to(std::string_view uri) const;
  // What stands for it on a page: its name in the reader's language, else where it lives.
  std::string shown_name(std::string_view accept_language) const;
};

}  // namespace latchkey::clients
