// POST /oauth2/revoke (RFC 7009; spec "Token revocation"): signs the session out that the token
// names, whatever the token is still worth. Whoever holds a token may end it, a scanner of leaked
// secrets too: a client that is named need not be known.

#include "endpoints/oauth/api.h"
#include "endpoints/oauth/client.h"
#include "endpoints/oauth/errors.h"
#include "endpoints/request/origin.h"

namespace latchkey::oauth {
namespace {

Task<http::Response> post_revoke(const Api& api, const http::Request& request) {
  const auto form = form_body(request);
  if (!form) co_return form.error();
  const auto token = field(*form, "token");
  if (!token) co_return token.error();
  if (token->empty()) co_return error(400, "invalid_request", "token: expected");
  const auto refused = co_await api.sessions.revoke(request::use_of(request), *token);
  if (refused && refused->worth == sessions::Worth::unknown) {
    const Time now = api.clock.now();
    if (const auto wait = api.limits.unknown_token_blocked(request.client_address, now)) {
      co_return too_many(*wait);
    }
  }
  // RFC 7009 section 2.2: an invalid token is revoked as far as anybody can tell.
  co_return secret_answer({});
}

}  // namespace

void mount_revoke(request::Routes& routes, const Api& api) {
  routes.add(http::Method::post, std::string(path::kRevoke),
             [&api](const http::Request& request) { return post_revoke(api, request); },
             {.cors = true});
}

}  // namespace latchkey::oauth
