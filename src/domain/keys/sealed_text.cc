#include "domain/keys/sealed_text.h"

#include <algorithm>
#include <string>

#include "platform/crypto/hkdf.h"
#include "platform/crypto/seal.h"
#include "platform/text/base64.h"

namespace latchkey::keys {
namespace {

crypto::SealKey key_of(const ServerKey& key, std::string_view purpose) {
  crypto::SealKey out;
  crypto::hkdf_sha256(key.secret, {}, purpose, out);
  return out;
}

}  // namespace

std::string seal_text(const KeyRing& ring, std::string_view purpose, std::string_view context,
                      std::string_view text) {
  const ServerKey& key = ring.current();
  return std::to_string(key.id) + "." +
         text::encode_base64url(crypto::seal(key_of(key, purpose), text, context));
}

std::optional<std::string> unseal_text(const KeyRing& ring, std::string_view purpose,
                                       std::string_view context, std::string_view sealed) {
  const auto dot = sealed.find('.');
  const auto key = std::ranges::find_if(ring.keys(), [&](const ServerKey& one) {
    return std::to_string(one.id) == sealed.substr(0, dot);
  });
  if (dot == sealed.npos || key == ring.keys().end()) return std::nullopt;
  const auto bytes = text::decode_base64url(sealed.substr(dot + 1));
  if (!bytes) return std::nullopt;
  return crypto::unseal(key_of(*key, purpose), *bytes, context);
}

}  // namespace latchkey::keys
