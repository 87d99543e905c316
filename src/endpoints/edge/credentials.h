#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/http/message.h"

namespace latchkey::edge {

// What a proxy asks about may follow in the path of its question.
inline constexpr std::string_view kAskedBelow = "/edge/check/";

// The token of the request that a proxy asks about.
struct Credentials {
  enum class Found {
    none,  // the homeserver has public endpoints
    token,
    ambiguous,  // another reader could see another token, or none: refused, not guessed
  };
  Found found = Found::none;
  std::string token;
};

// What was asked for, as the proxy says it. Absent: it does not.
std::optional<std::string_view> asked_uri(const http::Request& request);

// The token as Latchkey and the homeserver both read it. "Both" is the point: a request whose
// token the edge overlooks passes unjudged.
Credentials read_credentials(const http::Request& request);

// The token when the request carries just one plain "Authorization: Bearer …" and its query
// cannot hold another: the common case, without a copy. Empty: ask read_credentials().
std::string_view plain_token(const http::Request& request);

}  // namespace latchkey::edge
