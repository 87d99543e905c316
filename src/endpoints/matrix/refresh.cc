// POST /refresh (spec "Refreshing access tokens").

#include "endpoints/matrix/body.h"
#include "endpoints/matrix/matrix.h"
#include "endpoints/request/origin.h"

namespace latchkey::matrix {
namespace {

Task<http::Response> post_refresh(const Api& api, const http::Request& request) {
  const auto body = json_body(request);
  if (!body) co_return body.error();
  text::Fields fields(*body);
  const std::string token(fields.required_string("refresh_token"));
  if (fields.error()) co_return refusal(*fields.error());

  const auto tokens = co_await api.sessions.refresh(request::use_of(request), token);
  if (!tokens) {
    // Only guesses are limited: a client with a token of this server always gets its answer.
    if (tokens.error().worth == sessions::Worth::unknown) {
      const Time now = api.clock.now();
      if (const auto wait = api.limits.unknown_token_blocked(request.client_address, now)) {
        co_return limit_exceeded(*wait, "Too many tokens were not recognised. Try again later.");
      }
    }
    co_return refusal(tokens.error());
  }
  boost::json::object answer;
  put_tokens(answer, *tokens);
  co_return secret_answer(answer);
}

}  // namespace

void mount_refresh(request::Routes& routes, const Api& api) {
  add(routes, http::Method::post, "/refresh",
      [&api](const http::Request& request) { return post_refresh(api, request); },
      {.options = {.timeout_is_transient = true}});
}

}  // namespace latchkey::matrix
