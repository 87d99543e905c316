#pragma once

#include "domain/events/events.h"

namespace latchkey::confirm {

// What this room does about what happens to accounts: what was confirmed with a password is void
// once there is another, and what was confirmed at a provider once that leads to the account no
// more.
void listen(events::Events& events);

}  // namespace latchkey::confirm
