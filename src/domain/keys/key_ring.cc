#include "domain/keys/key_ring.h"

#include "platform/crypto/hash.h"
#include "platform/text/base64.h"

namespace latchkey::keys {

std::string ServerKey::fingerprint() const {
  std::string text = "latchkey server key fingerprint:";
  text.append(secret.begin(), secret.end());
  return text::encode_base64url(crypto::sha256(text)).substr(0, 22);
}

KeyRing::KeyRing(std::vector<ServerKey> keys, const std::vector<std::uint8_t>& lost)
    : keys_(std::move(keys)) {
  for (const std::uint8_t id : lost) lost_.set(id);
}

}  // namespace latchkey::keys
