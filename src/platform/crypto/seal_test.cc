#include "platform/crypto/seal.h"

#include <gtest/gtest.h>

namespace latchkey::crypto {
namespace {

constexpr SealKey kKey{1, 2, 3};

TEST(Seal, OpensWhatItSealed) {
  for (const std::string text : {"", "a", "a longer text of more than one block of the cipher"}) {
    const std::string sealed = seal(kKey, text, "for a test");
    EXPECT_EQ(sealed.size(), text.size() + 28);
    EXPECT_EQ(unseal(kKey, sealed, "for a test"), text);
  }
}

TEST(Seal, NeverSealsTheSameTwice) { EXPECT_NE(seal(kKey, "text", ""), seal(kKey, "text", "")); }

TEST(Seal, RefusesAnyOtherKeyContextOrByte) {
  const std::string sealed = seal(kKey, "text", "context");
  EXPECT_FALSE(unseal({1, 2, 4}, sealed, "context"));
  EXPECT_FALSE(unseal(kKey, sealed, "another"));
  EXPECT_FALSE(unseal(kKey, sealed, ""));
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    std::string changed = sealed;
    changed[at] ^= 1;
    EXPECT_FALSE(unseal(kKey, changed, "context")) << at;
    EXPECT_FALSE(unseal(kKey, sealed.substr(0, at), "context")) << at;
  }
}

}  // namespace
}  // namespace latchkey::crypto
