#pragma once

#include <string>

#include "domain/sessions/sessions.h"
#include "endpoints/edge/translation.h"
#include "platform/http/router.h"

namespace latchkey::edge {

// GET /edge/check: what a reverse proxy asks before it lets a request pass to the homeserver
// (nginx auth_request, Caddy forward_auth, Traefik ForwardAuth, HAProxy by a script), and
// /edge/check/… by any method, where … is the path of the request itself (Envoy ext_authz).
//
// Judges the Authorization header and an access_token in the query of X-Forwarded-Uri or
// X-Original-URI, or of the request's own path. 200: go on. 401 or 403: the final answer, with the
// CORS headers that browsers need to read it; its Matrix JSON body stands also in the header
// X-Matrix-Error, from which nginx can rebuild it. 503 while the database is away.
//
// With edge.translate the answer to a good token of ours has the header X-Matrix-Target: the target
// that the homeserver is to get. Only such an answer has it. Instead of it the answer is 500 when
// the proxy does not say what was asked for, and 403 M_FORBIDDEN when the query cannot be read.
struct Edge {
  sessions::Sessions& sessions;
  std::string server_name;
  EdgeOptions options = {};
};

void mount(http::Router& router, Edge edge);

}  // namespace latchkey::edge
