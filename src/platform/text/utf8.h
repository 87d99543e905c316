#pragma once

#include <cstddef>
#include <string_view>

namespace latchkey::text {

// Whether `text` is UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing past
// U+10FFFF.
bool valid_utf8(std::string_view text);

// The length in bytes of the code point that `text` begins with; 0 when it is empty or begins
// with none.
std::size_t leading_code_point(std::string_view text);

// The number of code points of valid UTF-8.
std::size_t utf8_length(std::string_view text);

// The longest beginning of valid UTF-8 of at most `max_bytes` bytes that cuts no code point.
std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes);

// `text` without the white space at its ends (Unicode White_Space) and the invisible characters
// that keyboards and contact lists put around what a person types or pastes. What is inside stays.
std::string_view trimmed(std::string_view text);

}  // namespace latchkey::text
