#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace latchkey::http {

// A query as one value that needs no percent-encoding: deflated (RFC 1951), as base64url. Hardly
// longer than the query whatever stands in it, and shorter for most; so a query can be handed on
// inside another, which would make half as much again of what is percent-encoded already.
std::string pack_query(std::string_view query);

// Absent: it is no packed query, or one of more than `longest` characters.
std::optional<std::string> unpack_query(std::string_view packed, std::size_t longest);

}  // namespace latchkey::http
