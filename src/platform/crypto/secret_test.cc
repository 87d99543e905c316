#include "platform/crypto/secret.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <new>

namespace latchkey::crypto {
namespace {

constexpr std::string_view kShort = "hunter2";  // kept inside the string object
const std::string kLong(100, 'x');

TEST(Secret, HoldsItsText) {
  EXPECT_TRUE(Secret().empty());
  const Secret secret(kShort);
  EXPECT_FALSE(secret.empty());
  EXPECT_EQ(secret.reveal(), kShort);
  Secret other(std::string{kLong});
  other = secret;
  EXPECT_EQ(other.reveal(), kShort);
  const Secret moved = std::move(other);
  EXPECT_EQ(moved.reveal(), kShort);
}

TEST(Secret, IsNotPrinted) { EXPECT_EQ(fmt::format("{}", Secret(kShort)), "[secret]"); }

TEST(Secret, WipesWhatItTookItsTextFrom) {
  std::string text(kShort);
  const char* const bytes = text.data();
  const Secret secret(std::move(text));
  EXPECT_EQ(std::string_view(bytes, kShort.size()), std::string(kShort.size(), '\0'));
}

TEST(Secret, IsWipedWhenItGoes) {
  alignas(Secret) unsigned char room[sizeof(Secret)];
  auto* secret = new (room) Secret(kShort);
  const auto holds = [&room] {
    return std::string_view(reinterpret_cast<const char*>(room), sizeof room).find(kShort) !=
           std::string_view::npos;
  };
  ASSERT_TRUE(holds());
  std::destroy_at(secret);
  EXPECT_FALSE(holds());
}

}  // namespace
}  // namespace latchkey::crypto
