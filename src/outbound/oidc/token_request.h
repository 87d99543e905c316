#pragma once

#include <string>
#include <string_view>

#include "domain/providers/provider.h"
#include "outbound/oidc/oidc_options.h"
#include "outbound/provider_calls/calls.h"
#include "platform/time.h"

// The code, brought to the provider's token endpoint (RFC 6749 section 4.1.3).
namespace latchkey::outbound::oidc {

struct Code {
  std::string_view code;
  std::string_view redirect_uri;
  std::string_view verifier;  // of PKCE; empty: none was announced
};

struct Tokens {
  std::string access_token;  // empty: none, or one of a type that is unknown here
  std::string id_token;      // empty: none
};

// With what this server proves who it is (Core section 9).
http_client::Request token_request(const std::string& endpoint, const Code& code,
                                   const OidcOptions& options, Time now);

providers::Reply<Tokens> read_tokens(const http_client::Answer& answer);

// What the browser brought instead of a code (RFC 6749 section 4.1.2.1, Core section 3.1.2.6).
providers::Failure refusal_of(std::string_view error, std::string_view description, bool again);

}  // namespace latchkey::outbound::oidc
