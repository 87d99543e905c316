#include "platform/crypto/hash.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace latchkey::crypto {
namespace {

std::string hex(std::span<const std::uint8_t> bytes) {
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

std::span<const std::uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

TEST(Sha256, KnownDigests) {  // FIPS 180-2, appendix B
  Sha256 hash;
  const std::string_view empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const std::string_view abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(hex(hash.digest("")), empty);
  EXPECT_EQ(hex(hash.digest("abc")), abc);
  EXPECT_EQ(hex(hash.digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(hash.digest("")), empty);
  EXPECT_EQ(hex(sha256("abc")), abc);
  Sha256 moved = std::move(hash);
  EXPECT_EQ(hex(moved.digest("abc")), abc);
}

TEST(HmacSha256, KnownCodes) {  // RFC 4231
  struct Row {
    std::string key;
    std::string message;
    std::string code;
  };
  for (const auto& [key, message, code] : std::initializer_list<Row>{
           {std::string(20, '\x0b'), "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
           {"Jefe", "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
           {std::string(20, '\xaa'), std::string(50, '\xdd'),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
           {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
           {"", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
       }) {
    HmacSha256 hmac(bytes(key));
    EXPECT_EQ(hex(hmac.mac(message)), code);
    hmac.mac("another message in between");
    EXPECT_EQ(hex(hmac.mac(bytes(message))), code);
    HmacSha256 moved = std::move(hmac);
    EXPECT_EQ(hex(moved.mac(message)), code);
  }
}

}  // namespace
}  // namespace latchkey::crypto
