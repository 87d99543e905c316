// POST /logout and /logout/all (spec "Session management").

#include "endpoints/matrix/access.h"
#include "endpoints/matrix/api.h"
#include "endpoints/matrix/body.h"
#include "endpoints/matrix/errors.h"
#include "endpoints/matrix/mount.h"

namespace latchkey::matrix {
namespace {

using SignOut = Task<std::optional<sessions::Standing>> (sessions::Sessions::*)(
    const sessions::Use&, std::string_view);

// A body is not asked for and not read: nothing in it could be a reason to stay signed in.
Task<http::Response> sign_out(const Api& api, SignOut how, const http::Request& request) {
  const auto token = access_token(request, api.sessions.policy());
  if (!token) co_return token.error();
  if (!*token) co_return refusal({sessions::Worth::missing, {}, {}});
  const auto refused = co_await (api.sessions.*how)(use_of(request), **token);
  if (refused) co_return refusal(*refused);
  co_return empty_answer();
}

}  // namespace

void mount_logout(http::Router& router, const Api& api) {
  add(router, http::Method::post, "/logout", [&api](const http::Request& request) {
    return sign_out(api, &sessions::Sessions::sign_out, request);
  });
  add(router, http::Method::post, "/logout/all", [&api](const http::Request& request) {
    return sign_out(api, &sessions::Sessions::sign_out_everywhere, request);
  });
}

}  // namespace latchkey::matrix
