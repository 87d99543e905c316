#include "domain/keys/sealed_text.h"

#include <gtest/gtest.h>

namespace latchkey::keys {
namespace {

ServerKey key(std::uint8_t id, std::uint8_t byte) {
  ServerKey made;
  made.id = id;
  made.secret.fill(byte);
  return made;
}

TEST(SealedText, OpensWithItsKeyForWhatItBelongsTo) {
  const KeyRing before({key(1, 7)}, {});
  const std::string sealed = seal_text(before, "a hint", "session 5", "the.id.token");
  EXPECT_EQ(sealed.substr(0, 2), "1.");
  EXPECT_EQ(sealed.find("token"), std::string::npos);
  EXPECT_NE(sealed, seal_text(before, "a hint", "session 5", "the.id.token"));
  // After a rotation too.
  const KeyRing after({key(1, 7), key(2, 8)}, {});
  EXPECT_EQ(unseal_text(after, "a hint", "session 5", sealed), "the.id.token");
  EXPECT_EQ(seal_text(after, "a hint", "session 5", "x").substr(0, 2), "2.");
  EXPECT_FALSE(unseal_text(after, "a hint", "session 6", sealed));
  EXPECT_FALSE(unseal_text(after, "something else", "session 5", sealed));
  EXPECT_FALSE(unseal_text(KeyRing({key(2, 8)}, {1}), "a hint", "session 5", sealed));
  EXPECT_FALSE(unseal_text(KeyRing({key(1, 9)}, {}), "a hint", "session 5", sealed));
  for (const char* garbage : {"", "1", "1.", "1.!", ".", "x.abcd", "1.abcd"}) {
    EXPECT_FALSE(unseal_text(before, "a hint", "session 5", garbage)) << garbage;
  }
}

}  // namespace
}  // namespace latchkey::keys
