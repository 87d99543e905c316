#include "endpoints/oauth/register.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <string>

#include "platform/text/json.h"

namespace latchkey::oauth {
namespace {

namespace json = boost::json;

http::Response answer(int status, const json::object& body) {
  http::Response response;
  response.status = status;
  response.body = json::serialize(body);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

http::Response error(int status, std::string_view code, std::string_view sentence) {
  return answer(status, {{"error", code}, {"error_description", sentence}});
}

// RFC 6749 section 5.2 leaves ASCII without quotes and backslashes for a description.
std::string plain(std::string text) {
  for (char& c : text) {
    if (c == '"') c = '\'';
    if (c < ' ' || c > '~' || c == '\\') c = '?';
  }
  return text;
}

http::Response refusal(const RegistrationError& refused) {
  const bool of_uri = refused.code == RegistrationError::Code::invalid_redirect_uri;
  return error(400, of_uri ? "invalid_redirect_uri" : "invalid_client_metadata",
               plain(refused.sentence));
}

http::Response too_many(Duration wait) {
  // RFC 6749 has no code for it but this one.
  auto response = error(429, "temporarily_unavailable",
                        "Too many clients were registered from here. Try again later.");
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
  return response;
}

Task<http::Response> post_registration(sessions::Sessions& sessions, Clients& clients,
                                       signin::AttemptLimits& limits,
                                       const http::Request& request) {
  if (const auto wait =
          limits.client_registration_blocked(request.client_address, sessions.clock().now())) {
    co_return too_many(*wait);
  }
  auto metadata = text::parse_object(request.body);
  if (!metadata) {
    co_return error(400, "invalid_client_metadata", plain(metadata.error().sentence));
  }
  const auto registered = co_await clients.register_client(std::move(*metadata));
  if (!registered) co_return refusal(registered.error());
  co_return answer(201, registered->metadata);
}

}  // namespace

void mount_registration(http::Router& router, sessions::Sessions& sessions, Clients& clients,
                        signin::AttemptLimits& limits) {
  router.add(http::Method::post, std::string(kRegistrationPath),
             [&sessions, &clients, &limits](const http::Request& request) {
               return post_registration(sessions, clients, limits, request);
             },
             {.cors = true, .immediate = {}});
}

}  // namespace latchkey::oauth
