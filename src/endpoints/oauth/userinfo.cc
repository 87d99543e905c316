// GET and POST /oauth2/userinfo (OpenID Connect Core section 5.3).

#include "endpoints/oauth/error_response.h"
#include "endpoints/oauth/oauth.h"
#include "endpoints/request/origin.h"
#include "platform/http/authorization.h"

namespace latchkey::oauth {
namespace {

http::Response challenge(int status, std::string_view code, std::string_view sentence) {
  http::Response response = error(status, code, sentence);
  response.headers.emplace_back("WWW-Authenticate", "Bearer error=\"" + std::string(code) + "\"");
  return response;
}

// RFC 6750 section 3.1: who has shown nothing is not told what is wrong with it.
http::Response ask_for_token() {
  http::Response response = answer(401, {});
  response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"oauth2\"");
  return response;
}

Task<http::Response> userinfo(const Api& api, const http::Request& request) {
  const auto token = http::bearer_token(request.headers);
  if (!token) co_return challenge(400, "invalid_request", "Authorization: not one Bearer token");
  if (!*token) co_return ask_for_token();
  const auto verdict = co_await api.sessions.check_any_scope(request::use_of(request), **token);
  if (!verdict.standing.active()) {
    co_return challenge(401, "invalid_token", "The access token is not good, or no longer.");
  }
  const sessions::Identity& who = verdict.identity;
  const auto scope = who.grant ? read_scope(who.grant->scope)
                               : std::expected<Scope, std::string>(std::unexpected(""));
  if (!scope || !scope->openid) {
    co_return challenge(403, "insufficient_scope", "The access token lacks the scope openid.");
  }
  co_return secret_answer(co_await api.claims.of(who, *scope));
}

}  // namespace

void mount_userinfo(request::Routes& routes, const Api& api) {
  for (const http::Method method : {http::Method::get, http::Method::post}) {
    routes.add(method, std::string(path::kUserinfo),
               [&api](const http::Request& request) { return userinfo(api, request); },
               {.cors = true});
  }
}

}  // namespace latchkey::oauth
