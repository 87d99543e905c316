// GET and POST /oauth2/userinfo (OpenID Connect Core section 5.3).

#include "endpoints/oauth/error_response.h"
#include "endpoints/oauth/oauth.h"
#include "endpoints/request/origin.h"
#include "platform/http/authorization.h"
#include "platform/http/form.h"

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

// The access token in the header, or in a posted form (RFC 6750 section 2.2); absent: in neither.
// One in the address would stand in logs. The error: why it cannot be told which it is.
std::expected<std::optional<std::string>, std::string_view> shown_token(
    const http::Request& request) {
  const auto header = http::bearer_token(request.headers);
  if (!header) return std::unexpected("Authorization: not one Bearer token");
  std::optional<std::string> token = *header ? std::optional<std::string>(**header) : std::nullopt;
  if (request.method != http::Method::post || !http::has_form(request)) return token;
  const auto form = http::Form::parse(request.body);
  if (!form) return std::unexpected("the body is not a form");
  const auto field = form->only("access_token");
  if (!field || (token && *field)) return std::unexpected("expected one access token");
  return *field ? std::optional<std::string>(**field) : token;
}

Task<http::Response> userinfo(const Api& api, const http::Request& request) {
  const auto token = shown_token(request);
  if (!token) co_return challenge(400, "invalid_request", token.error());
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
