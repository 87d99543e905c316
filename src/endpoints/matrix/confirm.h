#pragma once

#include <boost/json/object.hpp>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "domain/self/proof.h"
#include "endpoints/matrix/caller.h"
#include "endpoints/matrix/matrix.h"
#include "platform/http/message.h"

// User-interactive authentication as requests and answers carry it (spec "User-interactive API in
// the REST API"). What it takes to pass is decided in domain/confirm.
namespace latchkey::matrix {

// Who asks, where the person has to confirm it; or the answer that refuses. Clients of the
// OAuth 2.0 API are sent to the account pages instead (spec "OAuth 2.0 API": user-interactive
// authentication is not for its tokens).
Task<std::expected<signin::Caller, http::Response>> identify_who_confirms(
    const Api& api, const http::Request& request);

// A request that its person has to confirm. Its body is complete: what this one leaves out is as an
// earlier one of the session sent it.
struct Asked {
  confirm::AuthRequest request;
  std::optional<confirm::AuthData> data;  // what its `auth` says
};

// `operation` names the endpoint, with whatever of the path matters: a session serves no other.
// `subject` is absent at registration. The members that the operation needs may be absent from the
// body until the person has confirmed it: so clients ask what it takes.
Task<std::expected<Asked, http::Response>> ask(const Api& api, const http::Request& request,
                                               std::string operation, boost::json::object body,
                                               const std::optional<signin::Caller>& subject);

// The confirmation, or the challenge or error to answer with.
Task<std::expected<confirm::AuthPassed, http::Response>> confirm(const Api& api,
                                                                 const Asked& asked);

// What lets the caller do what was asked for: that confirmation, or an application service's word
// for its user.
Task<std::expected<self::Proof, http::Response>> prove(const Api& api, const signin::Caller& who,
                                                       const Asked& asked);

// The answer to an operation that did not happen: the challenge of a new session when the
// confirmation was used up.
Task<http::Response> answer_refused(const Api& api, const confirm::AuthRequest& asked,
                                    const self::Refused& refused);
// To an operation that confirms nothing a second time.
http::Response missing_member(std::string_view name);
Task<http::Response> answer_used_up(const Api& api, const confirm::AuthRequest& asked);

}  // namespace latchkey::matrix
