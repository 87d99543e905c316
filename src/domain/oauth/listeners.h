#pragma once

#include "domain/events/events.h"

namespace latchkey::oauth {

// What this room does about what happens to accounts: what a browser that is kept has begun to give
// and no client has taken yet is void. (What an ended browser has given is never taken: the grants
// look for it.)
void listen(events::Events& events);

}  // namespace latchkey::oauth
