#pragma once

#include <optional>
#include <string>
#include <string_view>

// Codes that a person reads on one device and types on another (RFC 8628 section 6.1).
namespace latchkey::oauth {

// Eight consonants in two groups, "WDJB-MJHT": no vowels, so no words; nothing that looks like a
// digit. 34 bits, of which AttemptLimits lets nobody try many.
std::string new_user_code();

// As it is looked up, however it was typed: in any case, and without whatever is not of the
// alphabet, for keyboards make other dashes and spaces (RFC 8628 section 6.1). Absent: it cannot be
// a code.
std::optional<std::string> read_user_code(std::string_view typed);

}  // namespace latchkey::oauth
