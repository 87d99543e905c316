#pragma once

#include <boost/json/object.hpp>
#include <string_view>

#include "domain/sessions/standing.h"
#include "endpoints/request/server_refusal.h"
#include "platform/http/message.h"
#include "platform/text/fields.h"
#include "platform/text/json.h"

// Errors in the form that Matrix clients read (spec "Standard error response").
namespace latchkey::request {

http::Response json_answer(int status, const boost::json::object& body);

http::Response error(int status, std::string_view errcode, std::string_view sentence);

// 429 M_LIMIT_EXCEEDED with Retry-After (spec "Rate limiting").
http::Response limit_exceeded(Duration retry_after, std::string_view sentence);

// The 401 that refuses a token, or 403 where nothing else fits. `soft_logout` is in every one
// (MSC1466). Must not be asked for an active standing.
http::Response refusal(const sessions::Standing& standing);

http::Response refusal(const text::JsonError& fault);
http::Response refusal(const text::FieldError& fault);

// What the server answers on its own; a renderer of routes.h.
http::Response standard_refusal(const ServerRefusal& refusal, const http::Request& request);

}  // namespace latchkey::request
