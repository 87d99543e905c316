#include "platform/crypto/equal.h"

#include <gtest/gtest.h>

#include <array>

namespace latchkey::crypto {
namespace {

TEST(Equal, ComparesAllBytes) {
  EXPECT_TRUE(equal("", ""));
  EXPECT_TRUE(equal("abc", "abc"));
  EXPECT_TRUE(equal(std::string_view("a\0b", 3), std::string_view("a\0b", 3)));
  EXPECT_FALSE(equal(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
  EXPECT_FALSE(equal("abc", "abd"));
  EXPECT_FALSE(equal("xbc", "abc"));
  EXPECT_FALSE(equal("abc", "ab"));
  EXPECT_FALSE(equal("", "a"));
  const std::array<std::uint8_t, 2> one{1, 2};
  const std::array<std::uint8_t, 2> two{1, 3};
  EXPECT_TRUE(equal(one, one));
  EXPECT_FALSE(equal(one, two));
}

}  // namespace
}  // namespace latchkey::crypto
