#include "domain/signin/listeners.h"

#include "domain/signin/browser_session_rows.h"
#include "domain/signin/login_tokens.h"

namespace latchkey::signin {
namespace {

void end_browsers(db::Tx& tx, const events::Events& events, UserId user,
                  std::optional<BrowserSessionId> except) {
  delete_browsers_of(tx, events, user, except);
  if (except) delete_login_tokens_of(tx, *except);
}

}  // namespace

void listen(events::Events& events) {
  events.listen<events::PasswordReplaced>(
      [&events](db::Tx& tx, const events::PasswordReplaced& event) {
        end_browsers(tx, events, event.user, event.kept);
      });
  events.listen<events::SignedOutEverywhere>(
      [&events](db::Tx& tx, const events::SignedOutEverywhere& event) {
        end_browsers(tx, events, event.user, event.kept);
      });
  events.listen<events::EverybodySignedOut>(
      [](db::Tx& tx, const events::EverybodySignedOut&) { delete_every_browser(tx); });
}

}  // namespace latchkey::signin
