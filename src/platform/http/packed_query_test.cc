#include "platform/http/packed_query.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace latchkey::http {
namespace {

constexpr std::size_t kLongest = 8192;

RC_GTEST_PROP(PackedQuery, IsTheQueryAgain, (const std::string& query)) {
  const std::string packed = pack_query(query);
  RC_ASSERT(packed.find_first_of("%+/=&?#") == std::string::npos);
  RC_ASSERT(unpack_query(packed, kLongest) == query);
}

TEST(PackedQuery, IsTheQueryAgainHoweverItEnds) {
  std::string query;
  for (int i = 0; i < 2000; ++i) {
    query += static_cast<char>('!' + (i * i + i / 7) % 94);
    ASSERT_EQ(unpack_query(pack_query(query), kLongest), query);
  }
}

RC_GTEST_PROP(PackedQuery, OfAnybodyIsReadOrRefused, (const std::string& text)) {
  RC_ASSERT(unpack_query(text, kLongest).value_or("").size() <= kLongest);
}

TEST(PackedQuery, IsShort) {
  std::string query = "response_type=code&state=";
  while (query.size() < 4000) query += "%7B%22a%22%3A%5B1%2C2%5D%7D";
  EXPECT_LT(pack_query(query).size(), query.size() / 10);
}

TEST(PackedQuery, ThatWouldBecomeTooLongIsNone) {
  const std::string packed = pack_query(std::string(100'000, 'x'));
  EXPECT_LT(packed.size(), 300U);
  EXPECT_FALSE(unpack_query(packed, kLongest).has_value());
  EXPECT_FALSE(unpack_query(packed, 99'999).has_value());
  EXPECT_TRUE(unpack_query(packed, 100'000).has_value());
  EXPECT_EQ(unpack_query(pack_query(""), 0), "");
}

TEST(PackedQuery, IsWholeOrNone) {
  const std::string packed = pack_query("a=1&b=2&c=%20&d=whatever-there-is");
  for (std::size_t size = 0; size < packed.size(); ++size) {
    EXPECT_FALSE(unpack_query(packed.substr(0, size), kLongest).has_value()) << size;
  }
  EXPECT_FALSE(unpack_query(packed + "AAAA", kLongest).has_value());
}

}  // namespace
}  // namespace latchkey::http
