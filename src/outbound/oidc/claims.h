#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/providers/provider.h"
#include "outbound/oidc/oidc_options.h"
#include "platform/jose/key.h"
#include "platform/time.h"

// What an ID token and a logout token must say to be believed: pure, of claims whose signature has
// been seen to be the provider's.
namespace latchkey::outbound::oidc {

struct Expected {
  const OidcOptions& options;
  Time now;
  std::string_view nonce = {};
  // The access token that came with it, and how the ID token is signed: for at_hash.
  std::string_view access_token = {};
  jose::Algorithm algorithm = jose::Algorithm::rs256;
  // The person was to prove themselves after this; absent: an older sign-in will do.
  std::optional<Time> proved_after = {};
};

// OpenID Connect Core 1.0 section 3.1.3.7.
std::optional<providers::Failure> judge_id_token(const boost::json::object& claims,
                                                 const Expected& expected);

// Back-Channel Logout 1.0 section 2.6, except that each is good once.
providers::Reply<providers::LogoutNotice> read_logout_token(const boost::json::object& claims,
                                                            const Expected& expected);

// A point in time (NumericDate, RFC 7519 section 2); absent: it is none.
std::optional<Time> time_of(const boost::json::object& claims, std::string_view name);

// By which a person is known: a text or a whole number; empty: it is none, or too long.
std::string subject_of(const boost::json::object& claims, std::string_view name);

// Whether it is for this client. For a single text, or a list with it.
bool is_for(const boost::json::object& claims, std::string_view client_id);

}  // namespace latchkey::outbound::oidc
