#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// 64-bit identifiers as people and APIs see them: 13 characters of Crockford's base32, sorting
// like the numbers, written like a ULID.
namespace latchkey::text {

// Upper case, always 13 characters.
std::string format_id(std::uint64_t id);

// Accepts lower case and what people confuse (o for 0, i and l for 1). nullopt when `text` has
// another length, a foreign character or a value of more than 64 bits.
std::optional<std::uint64_t> parse_id(std::string_view text);

}  // namespace latchkey::text
