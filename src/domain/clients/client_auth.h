#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "domain/clients/client.h"
#include "platform/db/tx.h"
#include "platform/secret.h"
#include "platform/time.h"

// Which client asks, and whether it proves it (RFC 6749 section 2.3, RFC 7523, OpenID Connect Core
// 1.0 section 9). In two steps, for the client is looked up in between: whom it claims to be, and
// whether that is so.
namespace latchkey::clients {

inline constexpr std::string_view kJwtBearer =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

// How far ahead an assertion may expire: an hour, as Authlib has it where nothing else is said, and
// a clock that is one minute off. Each is noted until then.
inline constexpr Duration kAssertionLife = std::chrono::minutes{61};
// How far a client's clock may be off otherwise.
inline constexpr Duration kAssertionSkew = std::chrono::seconds{30};

// What a request brings of it. Absent: not there, or without a value, as the surface has it.
struct ClientCredentials {
  std::optional<std::string_view> authorization;  // the whole header
  std::optional<std::string_view> client_id;
  std::optional<std::string_view> client_secret;
  std::optional<std::string_view> client_assertion_type;
  std::optional<std::string_view> client_assertion;
};

// RFC 6749 section 5.2: invalid_client, or invalid_request for more than one way at once.
struct ClientAuthError {
  std::string sentence;
  bool challenge = false;  // it tried the header: WWW-Authenticate: Basic
  bool bad_request = false;
};

// Who it says it is. Nothing of it is proved.
struct ClaimedClient {
  std::string id;
  ClientAuthMethod method = ClientAuthMethod::none;
  Secret secret;          // with client_secret_*
  std::string assertion;  // with private_key_jwt
};

// Exactly one way to authenticate, and one client_id wherever it stands.
std::expected<ClaimedClient, ClientAuthError> claimed_client(const ClientCredentials& given);

// Whom assertions may be addressed to.
struct AssertionAudience {
  std::string_view issuer;
  std::string_view token_endpoint;
};

// An assertion that is good once: to be noted before anything is given for it.
struct AssertionUse {
  std::string hash;
  Time expires_at;
};

// Absent: proved. `client` is the one of the claimed id; null: there is none.
std::expected<std::optional<AssertionUse>, ClientAuthError> prove_client(
    const ClaimedClient& claimed, const Client* client, const AssertionAudience& audience,
    Time now);

// False: it was used before.
bool note_assertion(db::Tx& tx, const AssertionUse& use);
// What is refused anyway since it expired.
std::int64_t purge_assertions(db::Tx& tx, Time now, std::int64_t limit);

// As the error when note_assertion() says no.
ClientAuthError assertion_used();

}  // namespace latchkey::clients
