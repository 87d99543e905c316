#include "platform/crypto/certificate.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <chrono>
#include <ctime>
#include <memory>
#include <stdexcept>

#include "platform/crypto/private_key.h"
#include "platform/crypto/random.h"

namespace latchkey::crypto {
namespace {

constexpr int kBits = 3072;
constexpr int kLeastBits = 2048;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

const std::uint8_t* bytes(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

[[noreturn]] void fail() { throw std::runtime_error("OpenSSL: a key or certificate was not made"); }

Owned<BIO> reader(std::string_view text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string written(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

// Asks nobody for a passphrase.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*rwflag*/, void* /*userdata*/) { return -1; }

Owned<X509> certificate_of(std::string_view der) {
  const std::uint8_t* at = bytes(der);
  Owned<X509> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (at != bytes(der) + der.size()) return nullptr;
  return certificate;
}

std::string der_of(X509* certificate) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  if (!bio || i2d_X509_bio(bio.get(), certificate) != 1) fail();
  return written(bio.get());
}

Secret pem_of(EVP_PKEY* key) {
  const Owned<BIO> bio(BIO_new(BIO_s_secmem()));
  if (!bio ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    fail();
  }
  return Secret(written(bio.get()));
}

void set_time(ASN1_TIME* field, Time time) {
  if (ASN1_TIME_set(field, std::chrono::system_clock::to_time_t(time)) == nullptr) fail();
}

// A number of which no other certificate is (RFC 5280 section 4.1.2.2).
void number(X509* certificate) {
  const std::uint64_t serial = random_uint64() >> 1;
  if (ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial) != 1) fail();
}

// Side by side, as XML signatures have them, to the DER that OpenSSL reads.
std::string ecdsa_der(std::string_view signature) {
  const int half = static_cast<int>(signature.size() / 2);
  Owned<ECDSA_SIG> both(ECDSA_SIG_new());
  BIGNUM* const r = BN_bin2bn(bytes(signature), half, nullptr);
  BIGNUM* const s = BN_bin2bn(bytes(signature) + half, half, nullptr);
  if (!both || ECDSA_SIG_set0(both.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  std::uint8_t* der = nullptr;
  const int size = i2d_ECDSA_SIG(both.get(), &der);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

const EVP_MD* digest_of(SignatureHash hash) {
  switch (hash) {
    case SignatureHash::sha384:
      return EVP_sha384();
    case SignatureHash::sha512:
      return EVP_sha512();
    case SignatureHash::sha256:
      break;
  }
  return EVP_sha256();
}

PublicKeyKind kind_of(const EVP_PKEY* key) {
  using Family = PublicKeyKind::Family;
  if (key == nullptr) return {};
  const int id = EVP_PKEY_get_base_id(key);
  const Family family = id == EVP_PKEY_RSA  ? Family::rsa
                        : id == EVP_PKEY_EC ? Family::elliptic
                                            : Family::other;
  return {.family = family, .bits = EVP_PKEY_get_bits(key)};
}

}  // namespace

KeyPair make_key_pair(const std::string& name, Time now, Duration lasts) {
  const Owned<EVP_PKEY> key(EVP_RSA_gen(kBits));
  const Owned<X509> certificate(X509_new());
  if (!key || !certificate) fail();
  X509* const made = certificate.get();
  X509_NAME* const subject = X509_get_subject_name(made);
  number(made);
  set_time(X509_getm_notBefore(made), now);
  set_time(X509_getm_notAfter(made), now + lasts);
  if (X509_set_version(made, X509_VERSION_3) != 1 || X509_set_pubkey(made, key.get()) != 1 ||
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, bytes(name.substr(0, 64)), -1, -1,
                                 0) != 1 ||
      X509_set_issuer_name(made, subject) != 1 || X509_sign(made, key.get(), EVP_sha256()) == 0) {
    fail();
  }
  return {.private_key = pem_of(key.get()), .certificate = der_of(made)};
}

std::expected<KeyPair, std::string> read_key_pair(const Secret& private_key,
                                                  std::string_view certificate) {
  const auto key = private_key_in(private_key);
  if (!key) return std::unexpected("is no private key (PEM, without a passphrase)");
  if (kind_of(key.get()).family != PublicKeyKind::Family::rsa ||
      kind_of(key.get()).bits < kLeastBits) {
    return std::unexpected("is no RSA key of 2048 bits or more");
  }
  const auto der = certificate_in_pem(certificate);
  if (!der) return std::unexpected("has no certificate with it (PEM)");
  if (X509_check_private_key(certificate_of(*der).get(), key.get()) != 1) {
    return std::unexpected("is not that of the certificate");
  }
  return KeyPair{.private_key = pem_of(key.get()), .certificate = *der};
}

std::optional<Time> end_of_certificate(std::string_view der) {
  const auto certificate = certificate_of(der);
  std::tm end{};
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
    return std::nullopt;
  }
  return Time{std::chrono::seconds{timegm(&end)}};
}

std::optional<PublicKeyKind> key_in_certificate(std::string_view der) {
  const auto certificate = certificate_of(der);
  if (!certificate) return std::nullopt;
  return kind_of(X509_get0_pubkey(certificate.get()));
}

std::optional<std::string> certificate_in_pem(std::string_view pem) {
  const auto bio = reader(pem);
  const Owned<X509> certificate(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
  if (!certificate) return std::nullopt;
  return der_of(certificate.get());
}

std::string sign(const Secret& private_key, std::string_view message) {
  const auto key = private_key_in(private_key);
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  if (!key || !context) fail();
  std::size_t size = 0;
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes(message), message.size()) != 1) {
    fail();
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<std::uint8_t*>(signature.data()), &size,
                     bytes(message), message.size()) != 1) {
    fail();
  }
  signature.resize(size);
  return signature;
}

bool verifies(std::string_view certificate, PublicKeyKind::Family family, SignatureHash hash,
              std::string_view message, std::string_view signature) {
  const auto read = certificate_of(certificate);
  EVP_PKEY* const key = read ? X509_get0_pubkey(read.get()) : nullptr;
  if (key == nullptr || kind_of(key).family != family || signature.empty()) return false;
  const bool elliptic = family == PublicKeyKind::Family::elliptic;
  const std::string der = elliptic ? ecdsa_der(signature) : std::string(signature);
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  return context && !der.empty() &&
         EVP_DigestVerifyInit(context.get(), nullptr, digest_of(hash), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), bytes(der), der.size(), bytes(message), message.size()) ==
             1;
}

}  // namespace latchkey::crypto
