#include "platform/crypto/certificate.h"

#include "platform/error_testing.h"
#include "platform/text/base64.h"

namespace latchkey::crypto {
namespace {

using Family = PublicKeyKind::Family;
using namespace std::chrono_literals;

constexpr Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 29}.time_since_epoch()};

const KeyPair& pair() {
  static const KeyPair made = make_key_pair("https://example.org/", kNow, 24h);
  return made;
}

std::string pem(std::string_view der) {
  return "-----BEGIN CERTIFICATE-----\n" + text::encode_base64(der) +
         "\n-----END CERTIFICATE-----\n";
}

TEST(Certificate, OfAKeyThatIsMade) {
  const auto kind = key_in_certificate(pair().certificate);
  ASSERT_TRUE(kind);
  EXPECT_EQ(kind->family, Family::rsa);
  EXPECT_EQ(kind->bits, 3072);
  EXPECT_EQ(end_of_certificate(pair().certificate), kNow + 24h);
  EXPECT_FALSE(key_in_certificate("x"));
  EXPECT_FALSE(key_in_certificate(pair().certificate + "x"));
  EXPECT_FALSE(end_of_certificate(""));
}

TEST(Certificate, SignsAndVerifies) {
  const std::string signature = sign(pair().private_key, "message");
  const std::string& der = pair().certificate;
  EXPECT_TRUE(verifies(der, Family::rsa, SignatureHash::sha256, "message", signature));
  EXPECT_FALSE(verifies(der, Family::rsa, SignatureHash::sha256, "other", signature));
  EXPECT_FALSE(verifies(der, Family::rsa, SignatureHash::sha512, "message", signature));
  EXPECT_FALSE(verifies(der, Family::elliptic, SignatureHash::sha256, "message", signature));
  EXPECT_FALSE(verifies(der, Family::rsa, SignatureHash::sha256, "message", ""));
  const KeyPair another = make_key_pair("another", kNow, 24h);
  EXPECT_FALSE(
      verifies(another.certificate, Family::rsa, SignatureHash::sha256, "message", signature));
}

// Made by OpenSSL with a key of P-256, and put side by side.
TEST(Certificate, VerifiesEcdsa) {
  const auto der = certificate_in_pem(
      "-----BEGIN CERTIFICATE-----\n"
      "MIIBcDCCARegAwIBAgIUC4XGEXwFMeHwYaTFZ87cNCDZCAEwCgYIKoZIzj0EAwIw\n"
      "DTELMAkGA1UEAwwCZWMwIBcNMjYxMTI5MjAzMTE3WhgPMjEyNjExMDUyMDMxMTda\n"
      "MA0xCzAJBgNVBAMMAmVjMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEA3KhJCoU\n"
      "OhHVlsjAretuqRbs3xowUjIB6tXJGmNBFn34EdZGoYpxaXUVR/x04bNKN6oG46JJ\n"
      "s3JYYjOCSxEGuaNTMFEwHQYDVR0OBBYEFAVPmPK8BolAHF4Vb+VmC0rzNMo2MB8G\n"
      "A1UdIwQYMBaAFAVPmPK8BolAHF4Vb+VmC0rzNMo2MA8GA1UdEwEB/wQFMAMBAf8w\n"
      "CgYIKoZIzj0EAwIDRwAwRAIgBxq2N1yVmH9839c8P0MU7bSfD2uYleM9mYqFDDgo\n"
      "JSMCIFAAbcURfYtGug3SCguuSPRDqQe+UszEUvZ7VYVXOCNp\n"
      "-----END CERTIFICATE-----\n");
  ASSERT_TRUE(der);
  EXPECT_EQ(key_in_certificate(*der)->family, Family::elliptic);
  const auto signature = text::decode_base64(
      "KwXfUJxQrhHXSOImgqA4p8fHZZ2ioIXdOxO3m81cc3gl9Dl/IYM2uC/exaoBjdLH"
      "YCNcjIBM4ndNGB4FwZnGXA==");
  ASSERT_TRUE(signature);
  EXPECT_TRUE(verifies(*der, Family::elliptic, SignatureHash::sha256, "message", *signature));
  EXPECT_FALSE(verifies(*der, Family::elliptic, SignatureHash::sha256, "other", *signature));
}

TEST(Certificate, OfAnOperatorHasToFitItsKey) {
  const KeyPair another = make_key_pair("another", kNow, 24h);
  const auto fits = read_key_pair(pair().private_key, pem(pair().certificate));
  ASSERT_TRUE(fits) << error_of(fits);
  EXPECT_EQ(fits->certificate, pair().certificate);
  EXPECT_EQ(error_of(read_key_pair(another.private_key, pem(pair().certificate))),
            "is not that of the certificate");
  EXPECT_EQ(error_of(read_key_pair(pair().private_key, "")), "has no certificate with it (PEM)");
  EXPECT_EQ(error_of(read_key_pair(Secret("x"), pem(pair().certificate))),
            "is no private key (PEM, without a passphrase)");
}

}  // namespace
}  // namespace latchkey::crypto
