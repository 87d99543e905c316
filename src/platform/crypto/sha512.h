#pragma once

#include <array>
#include <cstdint>
#include <string_view>

// The longer ones of SHA-2 (FIPS 180-4), for what others sign with them.
namespace latchkey::crypto {

std::array<std::uint8_t, 48> sha384(std::string_view bytes);
std::array<std::uint8_t, 64> sha512(std::string_view bytes);

}  // namespace latchkey::crypto
