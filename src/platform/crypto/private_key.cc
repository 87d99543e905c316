#include "platform/crypto/private_key.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <string_view>

namespace latchkey::crypto {
namespace {

struct FreeReader {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

// Asks nobody for a passphrase.
int refuse(char* /*buffer*/, int /*size*/, int /*rwflag*/, void* /*userdata*/) { return -1; }

}  // namespace

void FreeKey::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

PrivateKey private_key_in(const Secret& pem) {
  const std::string_view text = pem.reveal();
  const std::unique_ptr<BIO, FreeReader> bio(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  return PrivateKey(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse, nullptr));
}

}  // namespace latchkey::crypto
