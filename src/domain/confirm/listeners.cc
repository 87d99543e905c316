#include "domain/confirm/listeners.h"

#include "domain/confirm/auth_session_rows.h"

namespace latchkey::confirm {

void listen(events::Events& events) {
  events.listen<events::PasswordReplaced>([](db::Tx& tx, const events::PasswordReplaced& event) {
    delete_auth_sessions_of(tx, event.user);
  });
  events.listen<events::LinkRemoved>([](db::Tx& tx, const events::LinkRemoved& event) {
    delete_auth_sessions_of(tx, event.user);
  });
}

}  // namespace latchkey::confirm
