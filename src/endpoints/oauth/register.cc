#include <string>

#include "endpoints/oauth/error_response.h"
#include "endpoints/oauth/oauth.h"
#include "platform/text/json.h"

namespace latchkey::oauth {
namespace {

// RFC 6749 section 5.2 leaves ASCII without quotes and backslashes for a description.
std::string plain(std::string text) {
  for (char& c : text) {
    if (c == '"') c = '\'';
    if (c < ' ' || c > '~' || c == '\\') c = '?';
  }
  return text;
}

http::Response refusal(const clients::RegistrationError& refused) {
  const bool of_uri = refused.code == clients::RegistrationError::Code::invalid_redirect_uri;
  return error(400, of_uri ? "invalid_redirect_uri" : "invalid_client_metadata",
               plain(refused.sentence));
}

Task<http::Response> post_registration(const Clock& clock, clients::Clients& clients,
                                       limits::AttemptLimits& limits,
                                       const http::Request& request) {
  auto metadata = text::parse_object(request.body);
  if (!metadata) {
    co_return error(400, "invalid_client_metadata", plain(metadata.error().sentence));
  }
  // Who registers what is known already fills nothing, and people who share an address do so often.
  std::optional<Duration> wait;
  const auto registered = co_await clients.register_client(std::move(*metadata), [&] {
    wait = limits.client_registration_blocked(request.client_address, clock.now());
    return !wait;
  });
  if (wait) {
    co_return too_many(*wait, "Too many clients were registered from here. Try again later.");
  }
  if (!registered) co_return refusal(registered.error());
  co_return answer(201, registered->metadata);
}

}  // namespace

void mount_registration(request::Routes& routes, const Clock& clock, clients::Clients& clients,
                        limits::AttemptLimits& limits) {
  routes.add(http::Method::post, std::string(path::kRegistration),
             [&clock, &clients, &limits](const http::Request& request) {
               return post_registration(clock, clients, limits, request);
             },
             {.cors = true, .immediate = {}});
}

}  // namespace latchkey::oauth
