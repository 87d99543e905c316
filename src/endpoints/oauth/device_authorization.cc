// POST /oauth2/device (RFC 8628 section 3.1): a device without a browser asks for a code that its
// person types elsewhere.

#include "domain/clients/client_metadata.h"
#include "endpoints/oauth/api.h"
#include "endpoints/oauth/client.h"
#include "endpoints/oauth/errors.h"
#include "endpoints/request/origin.h"

namespace latchkey::oauth {
namespace {

Task<http::Response> post_device(const Api& api, const http::Request& request) {
  const auto form = form_body(request);
  if (!form) co_return form.error();
  const auto scope_text = field(*form, "scope");
  if (!scope_text) co_return scope_text.error();
  const auto client = co_await authenticate(api, request, *form);
  if (!client) co_return client.error();
  if (!(*client)->may(clients::kDeviceCode)) {
    co_return error(
        400, "unauthorized_client",
        "this client has not registered the grant type " + std::string(clients::kDeviceCode));
  }
  const auto scope = read_scope(*scope_text);
  if (!scope) co_return error(400, "invalid_scope", scope.error());
  const Time now = api.clock.now();
  if (const auto wait = api.limits.device_authorization_blocked(request.client_address, now)) {
    co_return too_many(*wait);
  }
  const auto begun = co_await api.devices.begin(**client, *scope, request::origin_of(request));
  const std::string link = url(api, path::kLink);
  co_return secret_answer(
      {{"device_code", begun.device_code},
       {"user_code", begun.user_code},
       {"verification_uri", link},
       {"verification_uri_complete", link + "?user_code=" + begun.user_code},
       {"expires_in", std::chrono::floor<std::chrono::seconds>(begun.lifetime).count()},
       {"interval", std::chrono::floor<std::chrono::seconds>(begun.interval).count()}});
}

}  // namespace

void mount_device_authorization(request::Routes& routes, const Api& api) {
  routes.add(http::Method::post, std::string(path::kDeviceAuthorization),
             [&api](const http::Request& request) { return post_device(api, request); },
             {.cors = true});
}

}  // namespace latchkey::oauth
