#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/time.h"

namespace latchkey::text {

// "250ms", "90s", "5m", "12h", "30d", "2w", or several with falling units: "1h30m". nullopt for
// anything else, and past 1000 years (so that sums with times of day cannot overflow).
std::optional<Duration> parse_duration(std::string_view text);

// Such a text in days and below: "1h30m", "30d"; "0s" for zero. `span` must not be negative.
std::string format_duration(Duration span);

// A duration or "never". The outer optional is empty when `text` is neither.
std::optional<Limit> parse_limit(std::string_view text);
std::string format_limit(Limit limit);

}  // namespace latchkey::text
