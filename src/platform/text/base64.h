#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// RFC 4648. One text for each value: decoding refuses white space, foreign characters, stray
// bits after the last byte and padding that is wrong.
namespace latchkey::text {

// base64url without padding (section 5), as tokens and the database hold secrets and hashes.
std::string encode_base64url(std::span<const std::uint8_t> bytes);
std::string encode_base64url(std::string_view bytes);

// The bytes, or nullopt when `text` is not canonical base64url without padding.
std::optional<std::string> decode_base64url(std::string_view text);

// The same for values of a known size: false when `text` is not exactly out.size() bytes.
bool decode_base64url(std::string_view text, std::span<std::uint8_t> out);

// base64 with padding (section 4), as Basic authentication (RFC 7617) has it.
std::string encode_base64(std::string_view bytes);
std::optional<std::string> decode_base64(std::string_view text);
// The same with white space in it, as XML (Schema Datatypes section 3.2.16) and mail (RFC 2045)
// break lines.
std::optional<std::string> decode_base64_in_lines(std::string_view text);

}  // namespace latchkey::text
