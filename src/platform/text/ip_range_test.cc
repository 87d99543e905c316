#include "platform/text/ip_range.h"

#include <gtest/gtest.h>

namespace latchkey::text {
namespace {

TEST(IpRange, Holds) {
  struct Row {
    const char* range;
    const char* address;
    bool contains;
  };
  for (const auto& [range, address, contains] : std::initializer_list<Row>{
           {"192.0.2.1", "192.0.2.1", true},
           {"192.0.2.1", "::ffff:192.0.2.1", true},
           {"192.0.2.1", "192.0.2.2", false},
           {"10.0.0.0/8", "10.255.0.1", true},
           {"10.0.0.0/8", "11.0.0.1", false},
           {"10.0.0.0/9", "10.128.0.1", false},
           {"10.9.9.9/8", "10.1.1.1", true},
           {"0.0.0.0/0", "203.0.113.7", true},
           {"0.0.0.0/0", "2001:db8::1", false},
           {"::/0", "2001:db8::1", true},
           {"fd00::/8", "fd12::1", true},
           {"fd00::/8", "fe80::1", false},
           {"2001:db8::1", "2001:db8:0::1", true},
           {"2001:db8::1/128", "2001:db8::2", false},
       }) {
    const auto parsed = IpRange::parse(range);
    ASSERT_TRUE(parsed.has_value()) << range;
    EXPECT_EQ(parsed->contains(parse_ip(address).value()), contains) << range << " " << address;
  }
}

TEST(IpRange, WhatIsNone) {
  for (const char* text :
       {"", "unix", "localhost", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1",
        "10.0.0.0/8 ", "fe80::1%eth0", "::/129", "[::1]", "1.2.3.4:80", "010.0.0.1"}) {
    EXPECT_FALSE(IpRange::parse(text).has_value()) << text;
    EXPECT_FALSE(parse_ip(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace latchkey::text
