#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

// 64-bit identifiers as people and APIs see them: 13 characters of Crockford's base32, sorting
// like the numbers, written like a ULID.
namespace latchkey::text {

// Upper case, always 13 characters.
std::string format_id(std::uint64_t id);
// The same of an identifier that is a type of its own (domain/identifiers.h).
template <class Id>
  requires std::is_enum_v<Id>
std::string format_id(Id id) {
  return format_id(static_cast<std::uint64_t>(id));
}

// Accepts lower case and what people confuse (o for 0, i and l for 1). nullopt when `text` has
// another length, a foreign character or a value of more than 64 bits.
std::optional<std::uint64_t> parse_id(std::string_view text);
// The same for an identifier that is a type of its own; nullopt too for what no database key is.
template <class Id>
  requires std::is_enum_v<Id>
std::optional<Id> parse_id(std::string_view text) {
  const auto number = parse_id(text);
  if (!number || *number >> 63 != 0) return std::nullopt;
  return static_cast<Id>(*number);
}

}  // namespace latchkey::text
