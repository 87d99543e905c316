#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

// DEFLATE (RFC 1951) alone, without a header and a checksum: for what travels in an address.
namespace latchkey::http {

std::string deflated(std::string_view bytes);

// Absent: it is no whole stream, there is something behind it, or it is of more than `longest`
// bytes.
std::optional<std::string> inflated(std::string_view bytes, std::size_t longest);

}  // namespace latchkey::http
