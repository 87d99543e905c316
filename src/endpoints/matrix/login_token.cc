// POST /login/get_token (spec v1.7; MSC3882).

#include "endpoints/matrix/api.h"
#include "endpoints/matrix/body.h"
#include "endpoints/matrix/caller.h"
#include "endpoints/matrix/confirm.h"
#include "endpoints/matrix/mount.h"

namespace latchkey::matrix {
namespace {

// The specification's status for who cannot make one.
http::Response cannot() {
  return error(400, "M_FORBIDDEN", "This account cannot sign in other clients by a token.");
}

Task<http::Response> post_get_token(const Api& api, const http::Request& request) {
  const auto who = co_await identify_who_confirms(api, request);
  if (!who) co_return who.error();
  const auto body = json_body(request);
  if (!body) co_return body.error();
  if (!api.login_tokens.enabled() || who->is_service()) co_return cannot();
  text::Fields fields(*body);
  const auto asked = auth_request(request, "POST /login/get_token", *body, *who);
  auto passed = co_await confirm(api, asked, fields);
  if (!passed) co_return passed.error().status == 403 ? cannot() : passed.error();

  const Time now = api.clock.now();
  if (const auto wait = api.limits.login_token_blocked(who->identity.localpart, now)) {
    co_return limit_exceeded(*wait, "Too many login tokens were asked for. Try again later.");
  }
  const auto token = co_await api.own_account.make_login_token(*who, std::move(*passed));
  if (!token) co_return co_await answer_refused(api, asked, token.error());
  co_return secret_answer(
      {{"login_token", *token}, {"expires_in_ms", api.login_tokens.lifetime().count()}});
}

}  // namespace

void mount_login_token(request::Routes& routes, const Api& api) {
  add(routes, http::Method::post, "/login/get_token",
      [&api](const http::Request& request) { return post_get_token(api, request); },
      {.versions = {"v1"}});
}

}  // namespace latchkey::matrix
