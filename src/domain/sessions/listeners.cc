#include "domain/sessions/listeners.h"

#include "domain/sessions/unused_devices.h"

namespace latchkey::sessions {
namespace {

template <class... Those>
void forget_after(events::Events& events, const std::function<const Announcer&()>& announcer) {
  (events.listen<Those>(
       [announcer](db::Tx& tx, const Those& event) { announcer().account(tx, event.user); }),
   ...);
}

}  // namespace

void listen(events::Events& events, const Clock& clock,
            const std::function<const Announcer&()>& announcer) {
  using namespace events;
  forget_after<AccountLocked, AccountUnlocked, AccountSuspended, AccountUnsuspended,
               AdministratorChanged, AccountDeactivated, AccountReactivated>(events, announcer);
  events.listen<AccountUnlocked>([&clock](db::Tx& tx, const AccountUnlocked& event) {
    note_unlocked(tx, event.user, clock.now());
  });
}

}  // namespace latchkey::sessions
