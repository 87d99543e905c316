#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/time.h"

namespace latchkey::text {

// RFC 3339 with any offset and fraction ("2026-01-31T23:59:59.5+01:00"); digits past the
// millisecond are dropped, a leap second counts as the last millisecond before it. nullopt when
// it is not such a time.
std::optional<Time> parse_rfc3339(std::string_view text);

// In UTC with milliseconds: "2026-01-31T22:59:59.500Z". Years 0 to 9999.
std::string format_rfc3339(Time time);

}  // namespace latchkey::text
