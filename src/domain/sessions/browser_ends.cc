#include "domain/sessions/browser_ends.h"

namespace latchkey::sessions {

void end_browsers_of(db::Tx& tx, UserId user, BrowserSessionId but) {
  tx.run("DELETE FROM browser_sessions WHERE user_id = :user AND id <> :but", user, but);
}

void end_every_browser(db::Tx& tx) { tx.run("DELETE FROM browser_sessions"); }

}  // namespace latchkey::sessions
