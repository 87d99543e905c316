#pragma once

#include <exception>
#include <string_view>

#include "domain/accounts/moderation.h"
#include "domain/sessions/standing.h"
#include "domain/signin/callers.h"
#include "domain/signin/login_refused.h"
#include "domain/signin/register_account.h"
#include "platform/http/message.h"
#include "platform/http/server.h"
#include "platform/text/fields.h"
#include "platform/text/json.h"

// Every error of the Client-Server API, as its status and body (spec "Standard error response").
namespace latchkey::matrix {

http::Response error(int status, std::string_view errcode, std::string_view sentence);

// 429 M_LIMIT_EXCEEDED with Retry-After (spec "Rate limiting").
http::Response limit_exceeded(Duration retry_after, std::string_view sentence);

// The 401 that refuses a token, or 403 where nothing else fits. `soft_logout` is in every one
// (MSC1466). Must not be asked for an active standing.
http::Response refusal(const sessions::Standing& standing);

http::Response refusal(const signin::LoginRefused& refused, std::string_view info_uri);
http::Response refusal(const signin::RegistrationRefused& refused);
http::Response refusal(const accounts::NewPasswordRefused& refused);
http::Response refusal(const signin::CallerRefused& refused);
http::Response refusal(accounts::ModerationRefused refused);

http::Response refusal(const text::JsonError& fault);
http::Response refusal(const text::FieldError& fault);

// What the server answers on its own. An exception is logged by the caller; those that pass
// become 503 with Retry-After, others 500.
http::Response refusal(http::Refusal refusal, std::exception_ptr fault);

}  // namespace latchkey::matrix
