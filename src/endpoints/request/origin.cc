#include "endpoints/request/origin.h"

#include <chrono>

#include "platform/http/authorization.h"

namespace latchkey::request {

std::string_view header_token(const http::Request& request) {
  const auto token = http::bearer_token(request.headers);
  return token && *token ? **token : std::string_view{};
}

sessions::Use use_of(const http::Request& request) {
  return {.worker = request.worker,
          .address = request.client_address,
          .user_agent = request.header("User-Agent")};
}

sessions::Origin origin_of(const http::Request& request) {
  return {.address = std::string(request.client_address),
          .user_agent = std::string(request.header("User-Agent"))};
}

void put_retry_after(http::Response& response, Duration wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
}

}  // namespace latchkey::request
