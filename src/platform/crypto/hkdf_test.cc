#include "platform/crypto/hkdf.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace latchkey::crypto {
namespace {

std::vector<std::uint8_t> rising(int from, int count) {
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(from + i));
  return bytes;
}

std::string text(const std::vector<std::uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

TEST(Hkdf, KnownKeys) {  // RFC 5869, appendix A.1 to A.3
  struct Row {
    std::vector<std::uint8_t> key;
    std::vector<std::uint8_t> salt;
    std::string info;
    std::string derived;
  };
  for (const auto& [key, salt, info, derived] : std::initializer_list<Row>{
           {std::vector<std::uint8_t>(22, 0x0b), rising(0, 13), text(rising(0xf0, 10)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b88718586"
            "5"},
           {rising(0, 80), rising(0x60, 80), text(rising(0xb0, 80)),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271c"
            "b41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
           {std::vector<std::uint8_t>(22, 0x0b),
            {},
            "",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c"
            "8"},
       }) {
    std::vector<std::uint8_t> out(derived.size() / 2);
    hkdf_sha256(key, salt, info, out);
    EXPECT_EQ(fmt::format("{:02x}", fmt::join(out, "")), derived);
  }
}

TEST(Hkdf, RefusesMoreThanThereIs) {
  std::vector<std::uint8_t> out(8161);
  EXPECT_THROW(hkdf_sha256(rising(0, 32), {}, "info", out), std::runtime_error);
}

}  // namespace
}  // namespace latchkey::crypto
