#pragma once

#include <chrono>
#include <optional>

#include "platform/time.h"

// When an item is tried again. Pure: the caller brings the chance.
namespace latchkey::outbox {

// No delay is longer, whatever a destination asks for.
constexpr Duration kLongestDelay = std::chrono::hours{1};

// After the `failures`th failure in a row (1: the first): about a second, twice as long each time,
// at most a minute, between half of it and all of it as `chance` (0 to 1) has it, so that what
// failed together does not come back together. Not before `asked`.
Duration retry_delay(int failures, std::optional<Duration> asked, double chance);

}  // namespace latchkey::outbox
