#include "domain/sessions/browser_ends.h"

namespace latchkey::sessions {

void end_browsers_of(db::Tx& tx, UserId user, BrowserSessionId but) {
  tx.run("DELETE FROM browser_sessions WHERE user_id = :user AND id <> :but", user, but);
  if (but == 0) return;
  tx.run("DELETE FROM authorization_codes WHERE browser_session = :but AND session IS NULL", but);
  tx.run(
      "UPDATE device_grants SET decision = 2 WHERE browser_session = :but AND browser_session IS"
      " NOT NULL AND session IS NULL",
      but);
  tx.run("DELETE FROM login_tokens WHERE browser_session = :but AND browser_session IS NOT NULL",
         but);
}

void end_every_browser(db::Tx& tx) { tx.run("DELETE FROM browser_sessions"); }

}  // namespace latchkey::sessions
