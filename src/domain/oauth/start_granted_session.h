#pragma once

#include <expected>

#include "domain/oauth/authorization_codes.h"

namespace latchkey::oauth {

// Begins the session of a grant, in the transaction that uses the grant up and has locked the
// account. The device of the scope, if the account has it already, stays with its keys; its earlier
// session ends softly (spec "Relationship between access tokens and devices"). `browser`: whose
// consent it is, when that is on the client's machine. `authenticated`: how its person was, for the
// ID tokens of refreshes.
std::expected<sessions::Session, GrantRefused> start_granted_session(
    db::Tx& tx, sessions::Sessions& sessions, const sessions::Account& account,
    const clients::Client& client, const Scope& scope, sessions::Method method,
    std::optional<BrowserSessionId> browser, const signin::Authentication& authenticated,
    const sessions::Origin& origin);

}  // namespace latchkey::oauth
