#pragma once

#include "domain/clients/clients.h"
#include "domain/limits/attempt_limits.h"
#include "domain/sessions/sessions.h"
#include "endpoints/request/routes.h"

namespace latchkey::oauth {

// POST /oauth2/registration (RFC 7591 section 3), open to everybody, limited by address.
void mount_registration(request::Routes& routes, const Clock& clock, clients::Clients& clients,
                        limits::AttemptLimits& limits);

}  // namespace latchkey::oauth
