#include "endpoints/oauth/error_response.h"

#include "endpoints/request/origin.h"
#include "endpoints/request/standard_error.h"

namespace latchkey::oauth {
namespace {

namespace json = boost::json;
using sessions::Worth;

// `errcode` and `soft_logout` say of the session what the 401 of its access token says.
http::Response keep_your_keys(std::string_view code, std::string_view errcode,
                              std::string_view sentence) {
  return answer(400, {{"error", code},
                      {"error_description", sentence},
                      {"errcode", errcode},
                      {"soft_logout", true}});
}

// Not `invalid_grant`, which says that the token will never be good again: this one will.
http::Response locked_account() {
  return keep_your_keys("login_required", "M_USER_LOCKED", "This account has been locked.");
}

http::Response softly_ended() {
  return keep_your_keys("invalid_grant", "M_UNKNOWN_TOKEN",
                        "Sign in again to go on with this session.");
}

}  // namespace

http::Response answer(int status, const json::object& body) {
  http::Response response = request::json_answer(status, body);
  response.headers = {{"Cache-Control", "no-store"}, {"Pragma", "no-cache"}};
  return response;
}

http::Response error(int status, std::string_view code, std::string_view sentence) {
  return answer(status, {{"error", code}, {"error_description", sentence}});
}

http::Response invalid_client(std::string_view sentence, bool challenge) {
  http::Response response = error(401, "invalid_client", sentence);
  if (challenge) response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"oauth2\"");
  return response;
}

http::Response too_many(Duration retry_after, std::string_view sentence) {
  http::Response response = error(429, "temporarily_unavailable", sentence);
  request::put_retry_after(response, retry_after);
  return response;
}

http::Response not_registered(clients::Grant grant) {
  return error(
      400, "unauthorized_client",
      "this client has not registered the grant type " + std::string(clients::name_of(grant)));
}

http::Response refusal(const GrantRefused& refused) {
  switch (refused.why) {
    using enum GrantRefused::Why;
    case unauthorized_client:
      return error(400, "unauthorized_client", refused.sentence);
    case authorization_pending:
      return error(400, "authorization_pending", refused.sentence);
    case slow_down:
      return error(400, "slow_down", refused.sentence);
    case access_denied:
      return error(400, "access_denied", refused.sentence);
    case expired_token:
      return error(400, "expired_token", refused.sentence);
    case locked:
      return locked_account();
    case soft:
      return softly_ended();
    case invalid_grant:
      break;
  }
  return error(400, "invalid_grant", refused.sentence);
}

http::Response refresh_refusal(const sessions::Standing& standing) {
  switch (standing.worth) {
    case Worth::locked:
      return locked_account();
    case Worth::soft:
      return softly_ended();
    case Worth::ended:
      return error(400, "invalid_grant", "The session has ended.");
    case Worth::missing:
    case Worth::unknown:
    case Worth::active:
      break;
  }
  return error(400, "invalid_grant", "The refresh token was not recognised.");
}

http::Response server_refusal(const request::ServerRefusal& refusal,
                              const http::Request& /*request*/) {
  const bool transient = refusal.status >= 500 || refusal.status == 408;
  json::object body;
  if (!transient) body["error"] = "invalid_request";
  body["error_description"] = refusal.sentence;
  http::Response response = request::json_answer(refusal.status, body);
  if (refusal.retry_after > Duration{0}) {
    request::put_retry_after(response, refusal.retry_after);
  }
  return response;
}

http::Response secret_answer(const json::object& body) { return answer(200, body); }

}  // namespace latchkey::oauth
