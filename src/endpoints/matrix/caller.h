#pragma once

#include <expected>

#include "domain/signin/callers.h"
#include "endpoints/matrix/api.h"
#include "platform/http/message.h"

namespace latchkey::matrix {

// Who asks (spec "Using access tokens"; Application Service API "Identity assertion"), or the
// answer that refuses.
Task<std::expected<signin::Caller, http::Response>> identify(const Api& api,
                                                             const http::Request& request);

// The application service whose token the request carries; null: it carries a person's, or none.
const services::Service* service_of(const Api& api, const http::Request& request);
// The refusal where it must carry a service's and does not (spec "Appservice Login").
http::Response no_service(const Api& api, const http::Request& request);

}  // namespace latchkey::matrix
