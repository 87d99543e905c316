#pragma once

#include "domain/events/events.h"

namespace latchkey::providers {

// What this room does about what happens to accounts: of who is erased it forgets who they are
// elsewhere; one that is deactivated keeps its links, so that who comes back is told.
void listen(events::Events& events);

}  // namespace latchkey::providers
