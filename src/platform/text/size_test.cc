#include "platform/text/size.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace latchkey::text {
namespace {

TEST(Size, ReadsAndWrites) {
  struct Row {
    std::string_view text;
    std::uint64_t bytes;
    std::string_view shown;
  };
  for (const auto& [text, bytes, shown] : std::initializer_list<Row>{
           {"0", 0, "0B"},
           {"512", 512, "512B"},
           {"1000B", 1000, "1000B"},
           {"64KiB", 65536, "64KiB"},
           {"1024KiB", 1 << 20, "1MiB"},
           {"19456KiB", 19456 * 1024, "19MiB"},
           {"3GiB", std::uint64_t{3} << 30, "3GiB"},
           {"8388607TiB", std::uint64_t{8388607} << 40, "8388607TiB"},
       }) {
    EXPECT_EQ(parse_size(text), bytes) << text;
    EXPECT_EQ(format_size(bytes), shown) << text;
  }
}

TEST(Size, RefusesTheRest) {
  for (const auto* text :
       {"", "KiB", "64 KiB", "64kib", "64KB", "64K", "-1", "+1", "1.5MiB", "0x10", "8388608TiB",
        "9223372036854775808", "99999999999999999999999", " 1", "1 ", "1B\n"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

RC_GTEST_PROP(Size, RoundTrip, ()) {
  const auto bytes = *rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 62);
  RC_ASSERT(parse_size(format_size(bytes)) == bytes);
}

}  // namespace
}  // namespace latchkey::text
