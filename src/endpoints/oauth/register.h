#pragma once

#include "domain/oauth/clients.h"
#include "domain/sessions/sessions.h"
#include "domain/signin/attempt_limits.h"
#include "endpoints/request/routes.h"

namespace latchkey::oauth {

// POST /oauth2/registration (RFC 7591 section 3), open to everybody, limited by address.
void mount_registration(request::Routes& routes, const Clock& clock, Clients& clients,
                        signin::AttemptLimits& limits);

}  // namespace latchkey::oauth
