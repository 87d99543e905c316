#include "endpoints/matrix/access.h"

#include "endpoints/matrix/errors.h"
#include "platform/http/authorization.h"
#include "platform/http/form.h"

namespace latchkey::matrix {
namespace {

http::Response unreadable() {
  return error(400, "M_INVALID_PARAM",
               "Send the access token once, as one Authorization: Bearer header.");
}

}  // namespace

std::string_view header_token(const http::Request& request) {
  const auto token = http::bearer_token(request.headers);
  return token && *token ? **token : std::string_view{};
}

std::expected<std::optional<std::string>, http::Response> access_token(
    const http::Request& request, const sessions::Policy& policy) {
  const auto from_header = http::bearer_token(request.headers);
  if (!from_header) return std::unexpected(unreadable());
  std::optional<std::string> token;
  if (*from_header) token = std::string(**from_header);
  if (!policy.access_token_in_query || request.query.empty()) return token;

  const auto query = http::Form::parse(request.query);
  const auto from_query = query ? query->only("access_token") : std::unexpected(http::Duplicated{});
  if (!from_query || (*from_query && token)) return std::unexpected(unreadable());
  if (*from_query) token = std::string(**from_query);
  return token;
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

}  // namespace latchkey::matrix
