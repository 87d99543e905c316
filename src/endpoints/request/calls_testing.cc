#include "endpoints/request/calls_testing.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <stdexcept>

#include "domain/sessions/sessions_testing.h"

namespace latchkey::request::testing {
namespace {

http::Request request_of(const Call& call) {
  const std::string_view target = call.target;
  const auto question = target.find('?');
  http::Request request;
  request.method = call.method;
  request.target = target;
  request.path = target.substr(0, question);
  request.query = question == target.npos ? "" : target.substr(question + 1);
  request.headers = call.headers;
  request.body = call.body;
  request.client_address = "192.0.2.1";
  return request;
}

const http::Router::Route& route_of(const http::Router& router, const http::Request& request) {
  const auto match = router.match(request.method, request.path);
  if (match.route == nullptr) throw std::invalid_argument("no such route");
  return *match.route;
}

}  // namespace

bool at_once(const http::Router& router, const Call& call) {
  const http::Request request = request_of(call);
  const http::Router::Route& route = route_of(router, request);
  http::Response response;
  return route.immediate && route.immediate(request, response);
}

http::Response answer(const http::Router& router, const Call& call) {
  const http::Request request = request_of(call);
  const http::Router::Route& route = route_of(router, request);
  http::Response response;
  if (route.immediate && route.immediate(request, response)) return response;
  return sessions::testing::run(route.handler(request));
}

boost::json::object json_of(const http::Response& response) {
  return boost::json::parse(response.body).as_object();
}

std::string header_of(const http::Response& response, std::string_view name) {
  for (const auto& [known, value] : response.headers) {
    if (known == name) return value;
  }
  return {};
}

boost::json::object expect_error(const http::Response& response, int status,
                                 std::string_view errcode, std::optional<bool> soft_logout) {
  const std::string name(errcode);
  EXPECT_EQ(response.status, status) << name;
  EXPECT_EQ(response.content_type, "application/json") << name;
  const auto body = boost::json::parse(response.body).as_object();
  EXPECT_EQ(body.at("errcode").as_string(), errcode) << name;
  EXPECT_FALSE(body.at("error").as_string().empty()) << name;
  const auto* flag = body.if_contains("soft_logout");
  EXPECT_EQ(flag != nullptr, soft_logout.has_value()) << name;
  if (flag != nullptr && soft_logout) EXPECT_EQ(flag->as_bool(), *soft_logout) << name;
  return body;
}

}  // namespace latchkey::request::testing
