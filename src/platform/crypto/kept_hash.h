#pragma once

#include <string>
#include <string_view>

namespace latchkey::crypto {

// What is kept of a secret that is shown again later (a code, a cookie, a link): its SHA-256, as
// base64url without padding, which is also the form of S256 (RFC 7636 section 4.6). Enough for a
// secret of 80 random bits or more; a password is hashed in another way (argon2id.h).
std::string kept_hash(std::string_view secret);

}  // namespace latchkey::crypto
