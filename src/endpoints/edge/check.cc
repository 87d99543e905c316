#include "endpoints/edge/check.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "endpoints/edge/credentials.h"
#include "endpoints/request/origin.h"
#include "endpoints/request/routes.h"
#include "endpoints/request/standard_error.h"

namespace latchkey::edge {
namespace {

using sessions::Reason;

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

// Answers to a good token of ours. `who` says whose it is, which is seldom asked.
template <class Who>
void answer_good(const Edge& edge, const http::Request& request, const Who& who,
                 http::Response& response) {
  response.content_type = {};
  if (edge.options.translate == EdgeOptions::Translate::none) return;
  const auto uri = asked_uri(request);
  // Without it the service's token would go to the homeserver in nobody's name but its own. What is
  // no path could lead to another server behind the homeserver's address.
  if (!uri || !uri->starts_with('/')) {
    response = stop(request::error(500, "M_UNKNOWN", "The proxy must say what is asked for."));
    return;
  }
  const auto question = uri->find('?');
  const auto query = query_in_the_name_of(who(), edge.server_name,
                                          question == uri->npos ? "" : uri->substr(question + 1));
  if (!query) {
    response = stop(request::error(403, "M_FORBIDDEN", "The query of the request cannot be read."));
    return;
  }
  response.headers.emplace_back("X-Matrix-Target",
                                std::string(uri->substr(0, question)).append("?").append(*query));
}

bool check_at_once(const Edge& edge, const http::Request& request, http::Response& response) {
  const std::string_view token = plain_token(request);
  if (token.empty()) return false;
  const auto* known = edge.sessions.recall(request::use_of(request), token);
  if (known == nullptr) return false;
  answer_good(edge, request, [known] { return known->identity(); }, response);
  return true;
}

Task<http::Response> check(const Edge& edge, const http::Request& request) {
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
  http::Response response;
  // A token of the query does not come by check_at_once().
  if (const auto* known = edge.sessions.recall(request::use_of(request), credentials.token)) {
    answer_good(edge, request, [known] { return known->identity(); }, response);
    co_return response;
  }
  const auto verdict = co_await edge.sessions.check(request::use_of(request), credentials.token);
  // Without our prefix it may be a token of the homeserver's own.
  if (verdict.standing.reason == Reason::not_ours) co_return pass();
  if (!verdict.standing.active()) co_return stop(request::refusal(verdict.standing));
  answer_good(edge, request, [&] { return verdict.identity; }, response);
  co_return response;
}

}  // namespace

void mount(http::Router& router, Edge given) {
  const auto edge = std::make_shared<const Edge>(std::move(given));
  request::Routes routes(router, {.name = "edge", .refuse = request::standard_refusal});
  const http::Handler handler = [edge](const http::Request& request) {
    return check(*edge, request);
  };
  const request::PathOptions options{
      .owner = request::Owner::inside,
      .cors = true,
      .immediate = [edge](const http::Request& request, http::Response& response) {
        return check_at_once(*edge, request, response);
      }};
  routes.add(http::Method::get, "/edge/check", handler, options);
  routes.below(std::string(kAskedBelow), handler, options);
}

}  // namespace latchkey::edge
