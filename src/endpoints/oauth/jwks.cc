// GET /oauth2/keys.json (RFC 7517 section 5; OpenID Connect Discovery `jwks_uri`).

#include "endpoints/oauth/api.h"

namespace latchkey::oauth {
namespace {

Task<http::Response> get_keys(const Api& api) {
  const auto keys = co_await api.keys.current();
  http::Response response;
  response.body = keys->jwks();
  // Clients that meet a key they do not know ask again.
  const auto cached = std::chrono::duration_cast<std::chrono::seconds>(kKeysCached).count();
  response.headers.emplace_back("Cache-Control", "public, max-age=" + std::to_string(cached));
  co_return response;
}

}  // namespace

void mount_jwks(request::Routes& routes, const Api& api) {
  routes.add(http::Method::get, std::string(path::kKeys),
             [&api](const http::Request&) { return get_keys(api); }, {.cors = true});
}

}  // namespace latchkey::oauth
