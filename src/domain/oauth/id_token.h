#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "domain/sessions/record.h"
#include "domain/signin/authentication.h"
#include "platform/jose/key.h"
#include "platform/time.h"

// What an ID token says (OpenID Connect Core 1.0 section 2), and what one says that comes back.
namespace latchkey::oauth {

inline constexpr Duration kIdTokenLife = std::chrono::hours{1};
inline constexpr std::string_view kIdTokenType = "JWT";  // typ: what else is signed has another

struct IdTokenFacts {
  std::string issuer;
  std::string client_id;
  UserId user{};
  boost::json::object person = {};  // person_claims()
  SessionId session{};
  signin::Authentication authenticated;
  std::optional<std::string> nonce;  // of the authorization request; a refresh has none
  std::string access_token;
  std::optional<std::string> code;  // that it was had for
};

// What stands for every sign-in that is known (`acr`): one factor. Clients that ask for more with
// acr_values, which is a wish alone (OpenID Connect Core section 5.5.1.1), find it in none.
inline constexpr std::string_view kAcr = "1";

boost::json::object id_token_claims(const IdTokenFacts& facts, Time now);

// at_hash and c_hash: half of the SHA-256 (both algorithms use that), as base64url.
std::string half_hash(std::string_view text);

// A user as clients see them: `sub`.
std::string public_id(UserId id);

// Whose ID token this was.
struct IdTokenHint {
  UserId user{};
  std::string client_id;
  std::optional<SessionId> session;
};

enum class HintFault : std::uint8_t {
  malformed,
  unknown_key,  // none of the keys, or their signature does not fit
  foreign,      // of another issuer, or no ID token
};

// id_token_hint (OpenID Connect RP-Initiated Logout 1.0 section 2): one of this server's own,
// expired or not. `keys` are those that are published. The caller compares the client with the one
// that asks.
std::expected<IdTokenHint, HintFault> read_id_token_hint(std::string_view token,
                                                         std::span<const jose::Key> keys,
                                                         std::string_view issuer);

}  // namespace latchkey::oauth
