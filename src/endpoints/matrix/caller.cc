#include "endpoints/matrix/caller.h"

#include <algorithm>

#include "domain/token_prefixes.h"
#include "endpoints/matrix/body.h"
#include "endpoints/matrix/refusals.h"
#include "platform/http/authorization.h"
#include "platform/http/form.h"

namespace latchkey::matrix {
namespace {

// MSC4326, and the name it had before.
constexpr std::string_view kDeviceNames[] = {"device_id", "org.matrix.msc3202.device_id"};

http::Response unreadable() {
  return error(400, "M_INVALID_PARAM",
               "Send the access token once, as one Authorization: Bearer header.");
}

std::expected<signin::Asserted, http::Response> asserted(const http::Request& request) {
  const auto unreadable = [] {
    return std::unexpected(error(400, "M_INVALID_PARAM", "The query cannot be read."));
  };
  const auto query = http::Form::parse(request.query);
  if (!query) return unreadable();
  const auto user_id = query->only("user_id");
  if (!user_id) return unreadable();
  signin::Asserted result{.user_id = copy(*user_id), .device_id = {}};
  for (const std::string_view name : kDeviceNames) {
    const auto device_id = query->only(name);
    if (!device_id) return unreadable();
    if (!result.device_id) result.device_id = copy(*device_id);
  }
  return result;
}

}  // namespace

std::expected<std::optional<std::string>, http::Response> access_token(
    const http::Request& request, const sessions::Policy& policy) {
  const auto from_header = http::bearer_token(request.headers);
  if (!from_header) return std::unexpected(unreadable());
  std::optional<std::string> token;
  if (*from_header) {
    // A comma may be one of a service's token. After one of ours it looks like a list: a 401 could
    // be taken for the end of the session that is meant.
    const bool ours = std::ranges::any_of(kTokenPrefixes, [&](std::string_view prefix) {
      return (*from_header)->starts_with(prefix);
    });
    if (ours && (*from_header)->contains(',')) return std::unexpected(unreadable());
    token = std::string(**from_header);
  }
  if (!policy.access_token_in_query || request.query.empty()) return token;

  const auto query = http::Form::parse(request.query);
  const auto from_query = query ? query->only("access_token") : std::unexpected(http::Duplicated{});
  if (!from_query || (*from_query && token)) return std::unexpected(unreadable());
  if (*from_query) token = std::string(**from_query);
  return token;
}

Task<std::expected<signin::Caller, http::Response>> identify(const Api& api,
                                                             const http::Request& request) {
  const auto token = access_token(request, api.sessions.policy());
  if (!token) co_return std::unexpected(token.error());
  if (!*token) co_return std::unexpected(refusal({sessions::Worth::missing, {}, {}}));
  signin::Asserted assertion;
  // Beside a person's token the parameters mean nothing, and are not read.
  if (api.callers.service_of(**token, request.client_address) != nullptr) {
    const auto read = asserted(request);
    if (!read) co_return std::unexpected(read.error());
    assertion = *read;
  }
  auto caller = co_await api.callers.identify(request::use_of(request), **token, assertion);
  if (!caller) co_return std::unexpected(refusal(caller.error()));
  co_return std::move(*caller);
}

const services::Service* service_of(const Api& api, const http::Request& request) {
  const auto token = access_token(request, api.sessions.policy());
  return token && *token ? api.callers.service_of(**token, request.client_address) : nullptr;
}

Task<http::Response> no_service(const Api& api, const http::Request& request) {
  const auto token = access_token(request, api.sessions.policy());
  if (!token) co_return token.error();
  if (!*token) co_return refusal({sessions::Worth::missing, {}, {}});
  const auto verdict = co_await api.sessions.check(request::use_of(request), **token);
  if (!verdict.standing.active()) co_return refusal(verdict.standing);
  co_return error(403, "M_FORBIDDEN", "The access token is not an application service's.");
}

}  // namespace latchkey::matrix
