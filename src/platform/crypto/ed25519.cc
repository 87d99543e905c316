#include "platform/crypto/ed25519.h"

#include <openssl/evp.h>

#include <memory>

namespace latchkey::crypto {
namespace {

constexpr std::size_t kSignature = 64;  // bytes

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

const std::uint8_t* bytes(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

}  // namespace

bool ed25519_verifies(const Ed25519PublicKey& key, std::string_view message,
                      std::string_view signature) {
  if (signature.size() != kSignature) return false;
  const std::unique_ptr<EVP_PKEY, Free> read(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  return read && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, read.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message),
                          message.size()) == 1;
}

}  // namespace latchkey::crypto
