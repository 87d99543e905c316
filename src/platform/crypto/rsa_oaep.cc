#include "platform/crypto/rsa_oaep.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <memory>
#include <new>

#include "platform/crypto/private_key.h"

namespace latchkey::crypto {
namespace {

struct FreeContext {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_PKEY_CTX, FreeContext>;

const EVP_MD* digest_of(OaepHash hash) {
  switch (hash) {
    case OaepHash::sha224:
      return EVP_sha224();
    case OaepHash::sha256:
      return EVP_sha256();
    case OaepHash::sha384:
      return EVP_sha384();
    case OaepHash::sha512:
      return EVP_sha512();
    case OaepHash::sha1:
      break;
  }
  return EVP_sha1();
}

// OpenSSL frees the label that it is given.
bool set_label(EVP_PKEY_CTX* context, const std::string& label) {
  if (label.empty()) return true;
  void* const copy = OPENSSL_memdup(label.data(), label.size());
  if (copy == nullptr) throw std::bad_alloc();
  if (EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy, static_cast<int>(label.size())) > 0) {
    return true;
  }
  OPENSSL_free(copy);
  return false;
}

}  // namespace

std::optional<std::string> decrypt_rsa_oaep(const Secret& private_key, std::string_view encrypted,
                                            const OaepOptions& options) {
  const PrivateKey key = private_key_in(private_key);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return std::nullopt;
  const Context context(EVP_PKEY_CTX_new(key.get(), nullptr));
  if (!context || EVP_PKEY_decrypt_init(context.get()) <= 0 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) <= 0 ||
      EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), digest_of(options.hash)) <= 0 ||
      EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), digest_of(options.mask)) <= 0 ||
      !set_label(context.get(), options.label)) {
    return std::nullopt;
  }
  std::string secret(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())), '\0');
  std::size_t size = secret.size();
  const int result =
      EVP_PKEY_decrypt(context.get(), reinterpret_cast<std::uint8_t*>(secret.data()), &size,
                       reinterpret_cast<const std::uint8_t*>(encrypted.data()), encrypted.size());
  if (result <= 0) {
    ERR_clear_error();  // what others send is no complaint of this thread's next call
    return std::nullopt;
  }
  secret.resize(size);
  return secret;
}

}  // namespace latchkey::crypto
