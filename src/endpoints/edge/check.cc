#include "endpoints/edge/check.h"

#include "endpoints/edge/credentials.h"
#include "endpoints/request/origin.h"
#include "endpoints/request/routes.h"
#include "endpoints/request/standard_error.h"

namespace latchkey::edge {
namespace {

using sessions::Reason;
using sessions::Sessions;

http::Response pass() {
  http::Response response;
  response.content_type = {};
  return response;
}

http::Response stop(http::Response response) {
  // The body is one line of JSON: it fits a header as it is.
  response.headers.emplace_back("X-Matrix-Error", response.body);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

bool check_at_once(Sessions& sessions, const http::Request& request, http::Response& response) {
  const std::string_view token = plain_token(request);
  if (token.empty() || sessions.recall(request::use_of(request), token) == nullptr) return false;
  response.content_type = {};
  return true;
}

Task<http::Response> check(Sessions& sessions, const http::Request& request) {
  const Credentials credentials = read_credentials(request);
  switch (credentials.found) {
    case Credentials::Found::none:
      co_return pass();
    case Credentials::Found::ambiguous:
      // 403, for it says nothing about any session: a client must not wipe its keys over it.
      co_return stop(request::error(
          403, "M_FORBIDDEN", "Send the access token once, as one Authorization: Bearer header."));
    case Credentials::Found::token:
      break;
  }
  // A token of the query does not come by check_at_once().
  if (sessions.recall(request::use_of(request), credentials.token) != nullptr) co_return pass();
  const auto verdict = co_await sessions.check(request::use_of(request), credentials.token);
  // Without our prefix it may be a token of the homeserver's own.
  if (verdict.standing.active() || verdict.standing.reason == Reason::not_ours) co_return pass();
  co_return stop(request::refusal(verdict.standing));
}

}  // namespace

void mount(http::Router& router, Sessions& sessions) {
  request::Routes routes(router, {.name = "edge", .refuse = request::standard_refusal});
  const http::Handler handler = [&sessions](const http::Request& request) {
    return check(sessions, request);
  };
  const request::PathOptions options{
      .owner = request::Owner::inside,
      .cors = true,
      .immediate = [&sessions](const http::Request& request, http::Response& response) {
        return check_at_once(sessions, request, response);
      }};
  routes.add(http::Method::get, "/edge/check", handler, options);
  routes.below(std::string(kAskedBelow), handler, options);
}

}  // namespace latchkey::edge
