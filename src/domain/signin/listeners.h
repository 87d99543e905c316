#pragma once

#include "domain/events/events.h"

namespace latchkey::signin {

// What this room does about what happens to accounts: another password, and whatever ends all of an
// account's sessions, ends its browsers too, which can do more to it than a token can. `events` is
// wired, and told when browsers end.
void listen(events::Events& events);

}  // namespace latchkey::signin
