#pragma once

#include <boost/json/object.hpp>

#include "domain/oauth/scope.h"
#include "domain/sessions/identity.h"
#include "domain/sessions/sessions.h"

namespace latchkey::oauth {

// What a client may know of the person (OpenID Connect Core sections 5.1 and 5.4), for `scope` with
// openid in it: `sub`, `preferred_username`; and with email the oldest `email` that the account
// has, if any. The operator who added the address vouches for it, so it counts as verified. Throws
// db::Unavailable when the database is away.
Task<boost::json::object> claims_of(sessions::Sessions& sessions, const sessions::Identity& who,
                                    const Scope& scope);

}  // namespace latchkey::oauth
