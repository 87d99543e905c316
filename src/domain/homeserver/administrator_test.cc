#include "domain/homeserver/administrator.h"

#include <gtest/gtest.h>

namespace latchkey::homeserver {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const keys::KeyRing> ring(std::initializer_list<std::uint8_t> ids) {
  std::vector<keys::ServerKey> all;
  for (const std::uint8_t id : ids) {
    keys::ServerKey key;
    key.id = id;
    key.secret.fill(id);
    all.push_back(key);
  }
  return std::make_shared<const keys::KeyRing>(std::move(all), std::vector<std::uint8_t>{});
}

class AdministratorTokensTest : public ::testing::Test {
 protected:
  AdministratorTokens of(std::initializer_list<std::uint8_t> ids) {
    return {[keys = ring(ids)] { return keys; }, clock_};
  }
  ManualClock clock_{from_millis(1'800'000'000'000)};
};

TEST_F(AdministratorTokensTest, AreGoodForAMinute) {
  const auto tokens = of({1});
  const std::string token = tokens.make();
  EXPECT_EQ(tokens.left(token), 1min);
  clock_.advance(59s);
  EXPECT_EQ(tokens.left(token), 1s);
  clock_.advance(1s);
  EXPECT_EQ(tokens.left(token), std::nullopt);
  clock_.advance(-2min);
  EXPECT_EQ(tokens.left(token), std::nullopt) << "a clock set back prolongs nothing";
}

// Any node may be asked, and their clocks differ.
TEST_F(AdministratorTokensTest, AreGoodToANodeWhoseClockIsALittleBehind) {
  const auto tokens = of({1});
  const std::string token = tokens.make();
  clock_.advance(-10s);
  EXPECT_EQ(tokens.left(token), 70s);
  clock_.advance(-1ms);
  EXPECT_EQ(tokens.left(token), std::nullopt);
}

TEST_F(AdministratorTokensTest, OfAnyKeyOfTheServerAreGoodAndOfNoOther) {
  const std::string token = of({1}).make();
  EXPECT_TRUE(of({1, 2}).left(token).has_value()) << "after a rotation";
  EXPECT_FALSE(of({2}).left(token).has_value());
  EXPECT_NE(of({1}).make(), token);
}

TEST_F(AdministratorTokensTest, CannotBeChanged) {
  const auto tokens = of({1});
  const std::string token = tokens.make();
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string other = token;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(tokens.left(other).has_value()) << i;
  }
  EXPECT_FALSE(tokens.left(token.substr(0, token.size() - 4)).has_value());
  EXPECT_FALSE(tokens.left("").has_value());
  EXPECT_FALSE(tokens.left("lkh_").has_value());
}

}  // namespace
}  // namespace latchkey::homeserver
