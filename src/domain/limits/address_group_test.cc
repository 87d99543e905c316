#include "domain/limits/address_group.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>

namespace latchkey::limits {
namespace {

struct Case {
  std::string_view address;
  std::string_view group;
  std::string_view site;
};

TEST(AddressGroup, IsWhatOnePartyHas) {
  for (const auto& [address, group, site] : {
           Case{"192.0.2.1", "192.0.2.1", "192.0.2.1"},
           Case{"192.0.2.2", "192.0.2.2", "192.0.2.2"},
           Case{"::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"},
           Case{"::FFFF:c000:0201", "192.0.2.1", "192.0.2.1"},
           Case{"2001:db8:7:1::1", "2001:db8:7:1::/64", "2001:db8:7::/48"},
           Case{"2001:db8:7:1:ffff:ffff:ffff:ffff", "2001:db8:7:1::/64", "2001:db8:7::/48"},
           Case{"2001:DB8:7:2::1", "2001:db8:7:2::/64", "2001:db8:7::/48"},
           Case{"2001:db8:8:1::1", "2001:db8:8:1::/64", "2001:db8:8::/48"},
           Case{"fe80::1%1", "fe80::/64", "fe80::/48"},
           Case{"::1", "::/64", "::/48"},
           Case{"unix", "local", "local"},
           Case{"", "local", "local"},
           Case{"0.0.0.0", "local", "local"},
           Case{"192.0.2.1:80", "local", "local"},
           Case{"192.0.2.256", "local", "local"},
           Case{"2001:db8:7:1:0000:0000:0000:0000:0000:0000:0001", "local", "local"},
       }) {
    EXPECT_EQ(limit_key(address), group) << address;
    EXPECT_EQ(site_key(address), site) << address;
  }
}

TEST(AddressGroup, OfANetworkIsWiderForIpv4) {
  for (const auto& [address, network] : std::initializer_list<std::pair<const char*, const char*>>{
           {"192.0.2.1", "192.0.2.0/24"},
           {"192.0.2.255", "192.0.2.0/24"},
           {"192.0.3.1", "192.0.3.0/24"},
           {"::ffff:192.0.2.1", "192.0.2.0/24"},
           {"2001:db8:7:1::1", "2001:db8:7::/48"},
           {"unix", "local"},
           {"0.0.0.0", "local"}}) {
    EXPECT_EQ(network_key(address), network) << address;
  }
}

}  // namespace
}  // namespace latchkey::limits
