#include "domain/sessions/browser_ends.h"

namespace latchkey::sessions {

void end_browsers_of(db::Tx& tx, UserId user, std::optional<BrowserSessionId> except) {
  if (!except) {
    tx.run("DELETE FROM browser_sessions WHERE user_id = :user", user);
    return;
  }
  tx.run("DELETE FROM browser_sessions WHERE user_id = :user AND id <> :kept", user, *except);
  tx.run("DELETE FROM authorization_codes WHERE browser_session = :kept AND session IS NULL",
         *except);
  tx.run(
      "UPDATE device_grants SET decision = 2 WHERE browser_session = :kept AND browser_session IS"
      " NOT NULL AND session IS NULL",
      *except);
  tx.run("DELETE FROM login_tokens WHERE browser_session = :kept AND browser_session IS NOT NULL",
         *except);
}

void end_every_browser(db::Tx& tx) { tx.run("DELETE FROM browser_sessions"); }

}  // namespace latchkey::sessions
