#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "domain/providers/provider.h"
#include "outbound/oidc/oidc_options.h"

// What a provider says of itself (OpenID Connect Discovery 1.0 section 3, RFC 8414).
namespace latchkey::outbound::oidc {

struct Metadata {
  using List = std::optional<std::vector<std::string>>;  // absent: it does not say

  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string userinfo_endpoint;     // empty: none
  std::string jwks_uri;              // empty: none
  std::string end_session_endpoint;  // empty: none
  // Each answer that a browser brings says whose it is (RFC 9207).
  bool names_itself = false;
  bool back_channel_logout = false;
  List scopes;
  List response_modes;
  List client_auth_methods;
  List id_token_algorithms;
  List code_challenge_methods;
};

std::string metadata_url(const OidcOptions& options);

// What is configured stands instead of what the document has. Refused: the document of another
// issuer (Discovery section 4.3), one without what a sign-in needs, and addresses of http where the
// issuer has https.
providers::Reply<Metadata> read_metadata(const boost::json::object& document,
                                         const OidcOptions& options);

// Without discovery.
Metadata configured_metadata(const OidcOptions& options);

// What of the options the provider says it cannot do, a sentence each; for who tests them.
std::vector<std::string> differences(const Metadata& metadata, const OidcOptions& options);

std::string_view name_of(OidcOptions::ClientAuth method);

}  // namespace latchkey::outbound::oidc
