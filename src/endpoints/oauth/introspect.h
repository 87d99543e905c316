#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "domain/limits/attempt_limits.h"
#include "domain/sessions/sessions.h"
#include "endpoints/request/routes.h"
#include "platform/config/bounds.h"
#include "platform/crypto/secret.h"
#include "platform/http/form.h"

namespace latchkey::oauth {

// The options of `introspection:`.
struct IntrospectionOptions {
  crypto::Secret secret;

  template <class Visitor>
  void options(Visitor& visit) {
    visit("secret", secret,
          "The secret that a homeserver shows to ask what a token is worth; without one the "
          "endpoint refuses everybody.",
          config::Between{16, 1024});
  }
};

// Which client asks that has proved who it is; empty: none. The error: it cannot even be asked.
using IntrospectingClient = std::function<Task<std::expected<std::string, http::Response>>(
    const http::Request&, const http::Form&)>;

// A token with which this server itself asks the homeserver for what takes an administrator.
struct OwnToken {
  std::string username;
  Duration left;  // for which it is good
};
// Absent: the token is none of these.
using ReadOwnToken = std::function<std::optional<OwnToken>(std::string_view)>;

// POST /oauth2/introspect (RFC 7662), as Synapse asks it: authenticated by a shared secret, more
// lenient than the edge by 30 s, so that no request which passed the edge is refused behind it. An
// OAuth 2.0 client with a secret or a key may ask about its own tokens, without that leniency.
// `own` knows the tokens that this server has made for itself, which the homeserver alone is told
// of.
void mount_introspection(request::Routes& routes, const Clock& clock, sessions::Sessions& sessions,
                         const crypto::Secret& secret, limits::AttemptLimits& limits,
                         IntrospectingClient client = {}, ReadOwnToken own = {});

}  // namespace latchkey::oauth
