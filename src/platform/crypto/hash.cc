#include "platform/crypto/hash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <stdexcept>

namespace latchkey::crypto {
namespace {

void require(bool good) {
  if (!good) throw std::runtime_error("OpenSSL cannot compute SHA-256");
}

std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

struct FreeMd {
  void operator()(EVP_MD* md) const { EVP_MD_free(md); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeMac {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

}  // namespace

struct Sha256::Impl {
  std::unique_ptr<EVP_MD, FreeMd> md{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  std::unique_ptr<EVP_MD_CTX, FreeMd> context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {
  require(impl_->md && impl_->context &&
          EVP_DigestInit_ex(impl_->context.get(), impl_->md.get(), nullptr) == 1);
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Digest Sha256::digest(std::span<const std::uint8_t> bytes) {
  EVP_MD_CTX* const context = impl_->context.get();
  Digest out;
  // Without an algorithm, the one that was fetched is begun anew.
  require(EVP_DigestInit_ex(context, nullptr, nullptr) == 1 &&
          EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1 &&
          EVP_DigestFinal_ex(context, out.data(), nullptr) == 1);
  return out;
}

Digest Sha256::digest(std::string_view bytes) { return digest(as_bytes(bytes)); }

Digest sha256(std::string_view bytes) {
  thread_local Sha256 mine;  // to look the algorithm up takes longer than most values
  return mine.digest(bytes);
}

struct HmacSha256::Impl {
  std::unique_ptr<EVP_MAC, FreeMac> mac{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
  std::unique_ptr<EVP_MAC_CTX, FreeMac> context{EVP_MAC_CTX_new(mac.get())};
};

HmacSha256::HmacSha256(std::span<const std::uint8_t> key) : impl_(std::make_unique<Impl>()) {
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  // Null would mean "the key of before", and an empty span may be null.
  const std::uint8_t none = 0;
  const std::uint8_t* const bytes = key.empty() ? &none : key.data();
  require(impl_->context && EVP_MAC_init(impl_->context.get(), bytes, key.size(), parameters) == 1);
}

HmacSha256::~HmacSha256() = default;
HmacSha256::HmacSha256(HmacSha256&&) noexcept = default;
HmacSha256& HmacSha256::operator=(HmacSha256&&) noexcept = default;

Digest HmacSha256::mac(std::span<const std::uint8_t> message) {
  EVP_MAC_CTX* const context = impl_->context.get();
  Digest out;
  std::size_t size = 0;
  // Without a key, the padded keys that were hashed at first are taken again: a fifth of the
  // time of HMAC().
  require(EVP_MAC_init(context, nullptr, 0, nullptr) == 1 &&
          EVP_MAC_update(context, message.data(), message.size()) == 1 &&
          EVP_MAC_final(context, out.data(), &size, out.size()) == 1 && size == out.size());
  return out;
}

Digest HmacSha256::mac(std::string_view message) { return mac(as_bytes(message)); }

}  // namespace latchkey::crypto
