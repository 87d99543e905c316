#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

// 256 bits as 43 characters of 0-9A-Za-z: a big-endian number in base 62. Each value has one
// text and each accepted text one value (62^43 > 2^256, so some texts are refused).
namespace latchkey::text {

inline constexpr std::size_t kBase62Bytes = 32;
inline constexpr std::size_t kBase62Chars = 43;

void encode_base62_256(std::span<const std::uint8_t, kBase62Bytes> bytes,
                       std::span<char, kBase62Chars> text);

// False, with `bytes` unspecified, when `text` is not 43 characters of the alphabet or its
// value is 2^256 or more.
bool decode_base62_256(std::string_view text, std::span<std::uint8_t, kBase62Bytes> bytes);

}  // namespace latchkey::text
