#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "platform/http/message.h"

// The Authorization field (RFC 9110 section 11.6.2). Pure: what a token is worth is decided
// elsewhere.
namespace latchkey::http {

// Why the field says nothing that can be trusted to mean the same to everybody.
enum class AuthorizationError {
  repeated,   // more than one Authorization field
  malformed,  // not credentials, or not as the scheme has them
};

// The token of "Bearer <token>" (RFC 6750 section 2.1), the scheme in any case; a view into the
// headers. Nullopt without the field or with another scheme. The token is any visible ASCII, more
// than the token68 of the RFC: those of application services are chosen by people and password
// managers. Fields that were joined ("Bearer a, Bearer b") hold a space, and are malformed.
std::expected<std::optional<std::string_view>, AuthorizationError> bearer_token(
    std::span<const Header> headers);

struct ClientCredentials {
  std::string id;
  std::string secret;
};

// Those of an OAuth 2.0 client in "Basic <base64(id:secret)>", both percent-encoded as in a
// form before (RFC 6749 section 2.3.1). Nullopt without the field or with another scheme.
std::expected<std::optional<ClientCredentials>, AuthorizationError> basic_credentials(
    std::span<const Header> headers);

}  // namespace latchkey::http
