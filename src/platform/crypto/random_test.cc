#include "platform/crypto/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <vector>

namespace latchkey::crypto {
namespace {

TEST(Random, FillsAll) {
  std::vector<std::uint8_t> bytes((1 << 20) + 100);
  random_fill(bytes);
  // 64 zero bytes in a row come once in 2^512.
  EXPECT_EQ(std::search_n(bytes.begin(), bytes.end(), 64, 0), bytes.end());
  random_fill({});
}

TEST(Random, DoesNotRepeat) {
  std::set<std::uint64_t> numbers;
  for (int i = 0; i < 1000; ++i) numbers.insert(random_uint64());
  EXPECT_EQ(numbers.size(), 1000U);
  EXPECT_NE((random_array<16>()), (random_array<16>()));
}

TEST(Random, TextIsOfItsAlphabetEvenly) {
  const std::string text = random_text(kBase62, 620'000);
  EXPECT_EQ(text.size(), 620'000U);
  std::map<char, int> counts;
  for (const char c : text) ++counts[c];
  EXPECT_EQ(counts.size(), 62U);
  for (const auto& [c, count] : counts) {
    EXPECT_NE(kBase62.find(c), kBase62.npos);
    // Eight standard deviations. What a byte modulo 62 would give is seldom 800 apart, but 2,100.
    EXPECT_NEAR(count, 10'000, 800) << c;
  }
}

TEST(Random, AlphabetsOfAllSizes) {
  EXPECT_EQ(random_text("a", 5), "aaaaa");
  EXPECT_EQ(random_text("ab", 0), "");
  EXPECT_EQ(random_text(std::string(256, 'x'), 3), "xxx");
  EXPECT_THROW(random_text("", 1), std::invalid_argument);
  EXPECT_THROW(random_text(std::string(257, 'x'), 1), std::invalid_argument);
}

}  // namespace
}  // namespace latchkey::crypto
