#pragma once

#include "domain/sessions/record.h"
#include "platform/db/tx.h"

// How the browsers end that are signed in to the account pages (domain/signin/browser_sessions.h).
// Here, because whatever ends an account's sessions ends them too: a browser can do more to an
// account than a token can.
namespace latchkey::sessions {

// All of the user's except one. With a browser goes what it has begun to give and nobody has
// taken yet: authorization codes, device grants, login tokens; of the one that is kept too, for
// somebody else may be waiting with them.
void end_browsers_of(db::Tx& tx, UserId user, std::optional<BrowserSessionId> except = {});
void end_every_browser(db::Tx& tx);

}  // namespace latchkey::sessions
