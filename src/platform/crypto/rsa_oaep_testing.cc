#include "platform/crypto/rsa_oaep_testing.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <utility>

namespace latchkey::crypto::testing {
namespace {

const EVP_MD* digest(OaepHash hash) {
  static const std::array all{EVP_sha1(), EVP_sha224(), EVP_sha256(), EVP_sha384(), EVP_sha512()};
  return all.at(std::to_underlying(hash));
}

void need(bool done) {
  if (!done) throw std::runtime_error("not encrypted");
}

}  // namespace

std::string encrypt_rsa_oaep(std::string_view certificate, std::string_view secret,
                             const OaepOptions& options) {
  const auto* at = reinterpret_cast<const std::uint8_t*>(certificate.data());
  const std::unique_ptr<X509, decltype(&X509_free)> read(
      d2i_X509(nullptr, &at, static_cast<long>(certificate.size())), &X509_free);
  need(read != nullptr);
  EVP_PKEY* const key = X509_get0_pubkey(read.get());
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new(key, nullptr), &EVP_PKEY_CTX_free);
  need(context && EVP_PKEY_encrypt_init(context.get()) > 0 &&
       EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) > 0 &&
       EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), digest(options.hash)) > 0 &&
       EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), digest(options.mask)) > 0);
  const std::string& label = options.label;
  if (!label.empty()) {
    need(EVP_PKEY_CTX_set0_rsa_oaep_label(context.get(), OPENSSL_memdup(label.data(), label.size()),
                                          static_cast<int>(label.size())) > 0);
  }
  std::string out(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
  std::size_t size = out.size();
  need(EVP_PKEY_encrypt(context.get(), reinterpret_cast<std::uint8_t*>(out.data()), &size,
                        reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size()) > 0);
  out.resize(size);
  return out;
}

}  // namespace latchkey::crypto::testing
