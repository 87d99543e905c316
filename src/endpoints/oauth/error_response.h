#pragma once

#include <boost/json/object.hpp>
#include <string_view>

#include "domain/clients/grants.h"
#include "domain/oauth/grant_refused.h"
#include "domain/sessions/standing.h"
#include "endpoints/request/server_refusal.h"
#include "platform/http/message.h"

// Every error of OAuth 2.0, as its status and body (RFC 6749 section 5.2).
namespace latchkey::oauth {

// {"error": …, "error_description": …}, with Cache-Control: no-store.
http::Response error(int status, std::string_view code, std::string_view sentence);
// 401 invalid_client; with the challenge that RFC 6749 section 5.2 asks for when the client tried
// the Authorization header.
http::Response invalid_client(std::string_view sentence, bool challenge);
// 429, for what guesses or fills the database: never for a client with a token of this server.
http::Response too_many(Duration retry_after,
                        std::string_view sentence = "Too many attempts failed. Try again later.");

// Of a grant that the client has not registered.
http::Response not_registered(clients::Grant grant);

http::Response refusal(const GrantRefused& refused);

// Of a refresh. A token that will not be good again is `invalid_grant`, for clients act on nothing
// else (MSC4526; matrix-sdk 0.18 never asks for a new sign-in otherwise). With `errcode` and
// `soft_logout: true` beside it the person can sign in again as the same user and device, and the
// client keeps its keys; without them the session is really over. A locked account is
// `login_required`: the token will be good again.
http::Response refresh_refusal(const sessions::Standing& standing);

// What the server answers on its own; a renderer of request/routes.h. Without an `errcode`, and
// without an `error` where trying again may help: by matrix-js-sdk 43 the first ends the session,
// whatever the status, and the second with a 408; by oidc-client-ts the second with any status.
http::Response server_refusal(const request::ServerRefusal& refusal, const http::Request& request);

// A JSON answer that nothing between here and the client may keep: it holds tokens, or is about
// one (RFC 6749 section 5.1).
http::Response answer(int status, const boost::json::object& body);
http::Response secret_answer(const boost::json::object& body);  // 200

}  // namespace latchkey::oauth
