#pragma once

#include <functional>

#include "domain/events/events.h"
#include "domain/sessions/announcer.h"
#include "platform/time.h"

namespace latchkey::sessions {

// What this room does about what happens to accounts: every cache forgets the tokens of an account
// once it is locked, suspended, deactivated or an administrator's, or is so no longer; the devices
// of one that is unlocked are as good as used. `announcer` is that of the sessions that run, which
// are made after the listeners are wired; the clock lives as long as `events`.
void listen(events::Events& events, const Clock& clock,
            const std::function<const Announcer&()>& announcer);

}  // namespace latchkey::sessions
