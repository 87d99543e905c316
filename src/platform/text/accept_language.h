#pragma once

#include <string_view>
#include <vector>

namespace latchkey::text {

// The language ranges of an Accept-Language field (RFC 9110 section 12.5.4), the dearest first,
// those of the same weight as they stand; without those that are refused (weight 0) or malformed.
// "*" stands among them. At most the first 20 are read. Views into `field`.
std::vector<std::string_view> accepted_languages(std::string_view field);

}  // namespace latchkey::text
