#pragma once

#include "domain/sessions/sessions.h"
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
void mount(http::Router& router, sessions::Sessions& sessions);

}  // namespace latchkey::edge
