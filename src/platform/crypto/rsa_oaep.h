#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "platform/secret.h"

// RSAES-OAEP (RFC 8017 section 7.1): a short secret for the holder of one private key.
namespace latchkey::crypto {

enum class OaepHash : std::uint8_t { sha1, sha224, sha256, sha384, sha512 };

struct OaepOptions {
  OaepHash hash = OaepHash::sha1;  // the defaults are those of RFC 8017 section A.2.1
  OaepHash mask = OaepHash::sha1;  // of MGF1
  std::string label = {};
};

// With a key in PEM. Absent: not for this key, or not with these options; nothing tells which.
std::optional<std::string> decrypt_rsa_oaep(const Secret& private_key, std::string_view encrypted,
                                            const OaepOptions& options);

}  // namespace latchkey::crypto
