#include "platform/crypto/seal.h"

#include <openssl/evp.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "platform/crypto/hkdf.h"
#include "platform/crypto/random.h"

namespace latchkey::crypto {
namespace {

constexpr std::size_t kNonce = 12;
constexpr std::size_t kTag = 16;

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

const std::uint8_t* bytes(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}
std::uint8_t* bytes(std::string& text) { return reinterpret_cast<std::uint8_t*>(text.data()); }
int size(std::string_view text) { return static_cast<int>(text.size()); }

void require(bool good) {
  if (!good) throw std::runtime_error("OpenSSL cannot seal");
}

}  // namespace

SealKey seal_key_of(std::string_view secret, std::string_view purpose) {
  SealKey key{};
  const std::vector<std::uint8_t> material(secret.begin(), secret.end());
  hkdf_sha256(material, {}, purpose, key);
  return key;
}

std::string seal(const SealKey& key, std::string_view text, std::string_view context) {
  const auto nonce = random_array<kNonce>();
  std::string sealed(nonce.begin(), nonce.end());
  sealed.resize(kNonce + text.size() + kTag);
  std::uint8_t* const body = bytes(sealed) + kNonce;
  int length = 0;
  const Cipher cipher(EVP_CIPHER_CTX_new());
  require(cipher &&
          EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data()) ==
              1 &&
          EVP_EncryptUpdate(cipher.get(), nullptr, &length, bytes(context), size(context)) == 1 &&
          EVP_EncryptUpdate(cipher.get(), body, &length, bytes(text), size(text)) == 1 &&
          EVP_EncryptFinal_ex(cipher.get(), body + text.size(), &length) == 1 &&
          EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTag, body + text.size()) == 1);
  return sealed;
}

std::optional<std::string> unseal(const SealKey& key, std::string_view sealed,
                                  std::string_view context) {
  if (sealed.size() < kNonce + kTag) return std::nullopt;
  const auto body = sealed.substr(kNonce, sealed.size() - kNonce - kTag);
  std::string tag(sealed.substr(sealed.size() - kTag));
  std::string text(body.size() + 1, '\0');  // never null to OpenSSL
  int length = 0;
  const Cipher cipher(EVP_CIPHER_CTX_new());
  require(cipher &&
          EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), bytes(sealed)) ==
              1 &&
          EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTag, tag.data()) == 1 &&
          EVP_DecryptUpdate(cipher.get(), nullptr, &length, bytes(context), size(context)) == 1 &&
          EVP_DecryptUpdate(cipher.get(), bytes(text), &length, bytes(body), size(body)) == 1);
  if (EVP_DecryptFinal_ex(cipher.get(), bytes(text) + body.size(), &length) != 1) {
    return std::nullopt;
  }
  text.resize(body.size());
  return text;
}

}  // namespace latchkey::crypto
