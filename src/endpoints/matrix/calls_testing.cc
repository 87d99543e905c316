#include "endpoints/matrix/calls_testing.h"

#include <boost/json/parse.hpp>
#include <stdexcept>

#include "domain/sessions/sessions_testing.h"

namespace latchkey::matrix::testing {
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

}  // namespace latchkey::matrix::testing
