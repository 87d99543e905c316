#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace latchkey::crypto {

using SealKey = std::array<std::uint8_t, 32>;

// A key made of a secret that is random enough by itself and for nothing else but `purpose`
// (HKDF-SHA-256): what is sealed with it can be read by who has the secret alone.
SealKey seal_key_of(std::string_view secret, std::string_view purpose);

// AES-256-GCM (NIST SP 800-38D) with a fresh random nonce: nonce 96 | text | tag 128. `context`
// says what the text belongs to and must be the same at unseal(). For few texts under one key, as
// random nonces want it. Throws std::runtime_error when OpenSSL fails.
std::string seal(const SealKey& key, std::string_view text, std::string_view context);

// The text; absent when it was sealed with another key or for another context, or was changed.
std::optional<std::string> unseal(const SealKey& key, std::string_view sealed,
                                  std::string_view context);

}  // namespace latchkey::crypto
