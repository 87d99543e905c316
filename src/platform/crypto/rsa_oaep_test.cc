#include "platform/crypto/rsa_oaep.h"

#include <gtest/gtest.h>

#include <chrono>

#include "platform/crypto/certificate.h"
#include "platform/crypto/rsa_oaep_testing.h"

namespace latchkey::crypto {
namespace {

using testing::encrypt_rsa_oaep;

const KeyPair& pair() {
  static const KeyPair made = make_key_pair("x", Time{}, std::chrono::hours{1});
  return made;
}

TEST(RsaOaep, IsReadWithTheOptionsItWasWrittenWith) {
  for (const auto hash :
       {OaepHash::sha1, OaepHash::sha224, OaepHash::sha256, OaepHash::sha384, OaepHash::sha512}) {
    for (const OaepOptions& options :
         {OaepOptions{.hash = hash}, OaepOptions{.hash = hash, .mask = hash},
          OaepOptions{.hash = OaepHash::sha256, .mask = hash, .label = "for you"}}) {
      const auto encrypted = encrypt_rsa_oaep(pair().certificate, "a secret", options);
      EXPECT_EQ(decrypt_rsa_oaep(pair().private_key, encrypted, options), "a secret");
    }
  }
}

TEST(RsaOaep, IsNotReadOtherwise) {
  const OaepOptions options{.hash = OaepHash::sha256, .mask = OaepHash::sha256, .label = "for you"};
  const std::string encrypted = encrypt_rsa_oaep(pair().certificate, "a secret", options);
  const auto read = [&](const OaepOptions& with) {
    return decrypt_rsa_oaep(pair().private_key, encrypted, with);
  };
  EXPECT_FALSE(read({.hash = OaepHash::sha1, .mask = OaepHash::sha256, .label = "for you"}));
  EXPECT_FALSE(read({.hash = OaepHash::sha256, .mask = OaepHash::sha1, .label = "for you"}));
  EXPECT_FALSE(read({.hash = OaepHash::sha256, .mask = OaepHash::sha256}));
  const KeyPair other = make_key_pair("y", Time{}, std::chrono::hours{1});
  EXPECT_FALSE(decrypt_rsa_oaep(other.private_key, encrypted, options));
  for (const auto* garbage : {"", "x"}) {
    EXPECT_FALSE(decrypt_rsa_oaep(pair().private_key, garbage, options));
  }
  EXPECT_FALSE(
      decrypt_rsa_oaep(pair().private_key, std::string(encrypted.size(), '\xff'), options));
  EXPECT_FALSE(decrypt_rsa_oaep(Secret("no key"), encrypted, options));
}

}  // namespace
}  // namespace latchkey::crypto
