#include "domain/providers/listeners.h"

#include "domain/providers/attempt_rows.h"
#include "domain/providers/link_rows.h"
#include "domain/providers/provider_session_rows.h"

namespace latchkey::providers {

void listen(events::Events& events) {
  events.listen<events::AccountDeactivated>(
      [](db::Tx& tx, const events::AccountDeactivated& event) {
        delete_attempts_of(tx, event.user);
        delete_all_begun_there(tx, event.user);
      });
  events.listen<events::AccountErased>(
      [](db::Tx& tx, const events::AccountErased& event) { delete_links_of(tx, event.user); });
}

}  // namespace latchkey::providers
