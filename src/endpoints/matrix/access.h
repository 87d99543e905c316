#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "domain/sessions/sessions.h"
#include "platform/http/message.h"

namespace latchkey::matrix {

// The access token of a request (spec "Using access tokens"): of the Authorization header or,
// where the configuration allows it, of the query. Absent: none. Unexpected: the answer to one
// that cannot be read, a 400: it says nothing about any session.
std::expected<std::optional<std::string>, http::Response> access_token(
    const http::Request& request, const sessions::Policy& policy);

// The token of a well-formed Authorization header, without a copy; empty when there is none. For
// the fast path, which a token in the query does not take.
std::string_view header_token(const http::Request& request);

sessions::Use use_of(const http::Request& request);
sessions::Origin origin_of(const http::Request& request);

}  // namespace latchkey::matrix
