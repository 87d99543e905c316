#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace latchkey::crypto {

using Ed25519PublicKey = std::array<std::uint8_t, 32>;

// Whether it is the key's signature of the message (RFC 8032 section 5.1.7).
bool ed25519_verifies(const Ed25519PublicKey& key, std::string_view message,
                      std::string_view signature);

}  // namespace latchkey::crypto
