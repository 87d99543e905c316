#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace latchkey::crypto {

// HKDF-SHA256, extract and expand (RFC 5869). Fills `out`, at most 8160 bytes. Throws
// std::runtime_error when OpenSSL fails.
void hkdf_sha256(std::span<const std::uint8_t> key, std::span<const std::uint8_t> salt,
                 std::string_view info, std::span<std::uint8_t> out);

}  // namespace latchkey::crypto
