#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/http/router.h"

namespace latchkey::request::testing {

// A request as a test writes it.
struct Call {
  http::Method method = http::Method::get;
  std::string target;
  std::vector<http::Header> headers;  // of texts that outlive the call
  std::string body = {};
};

// What the route answers, asked as the server does: at once where it can, else by its handler.
http::Response answer(const http::Router& router, const Call& call);

// Whether the route answers it at once.
bool at_once(const http::Router& router, const Call& call);

boost::json::object json_of(const http::Response& response);

std::string header_of(const http::Response& response, std::string_view name);

// Checks status, errcode and soft_logout (absent: not in the body), and that there is a sentence.
boost::json::object expect_error(const http::Response& response, int status,
                                 std::string_view errcode,
                                 std::optional<bool> soft_logout = std::nullopt);

}  // namespace latchkey::request::testing
