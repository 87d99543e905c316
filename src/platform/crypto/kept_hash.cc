#include "platform/crypto/kept_hash.h"

#include "platform/crypto/hash.h"
#include "platform/text/base64.h"

namespace latchkey::crypto {

std::string kept_hash(std::string_view secret) { return text::encode_base64url(sha256(secret)); }

}  // namespace latchkey::crypto
