#pragma once

#include <expected>
#include <optional>
#include <string>

#include "domain/signin/callers.h"
#include "endpoints/matrix/matrix.h"
#include "endpoints/request/origin.h"
#include "platform/http/message.h"

namespace latchkey::matrix {

// The access token of a request (spec "Using access tokens"): of the Authorization header or,
// where the configuration allows it, of the query. Absent: none. Unexpected: the answer to one
// that cannot be read, a 400: it says nothing about any session.
std::expected<std::optional<std::string>, http::Response> access_token(
    const http::Request& request, const sessions::Policy& policy);

// Who asks (spec "Using access tokens"; Application Service API "Identity assertion"), or the
// answer that refuses.
Task<std::expected<signin::Caller, http::Response>> identify(const Api& api,
                                                             const http::Request& request);

// The application service whose token the request carries; null: it carries a person's, or none.
const services::Service* service_of(const Api& api, const http::Request& request);
// The refusal where it must carry a service's and does not: 401 for a token that is worth nothing,
// as everywhere. 403 for a person's good one (spec "Appservice Login"): a 401 would tell their
// client that it is signed out.
Task<http::Response> no_service(const Api& api, const http::Request& request);

}  // namespace latchkey::matrix
