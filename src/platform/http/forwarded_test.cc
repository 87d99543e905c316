#include "platform/http/forwarded.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <stdexcept>

namespace latchkey::http {
namespace {

Peer peer(const std::string& text) {
  sockaddr_storage address{};
  if (text == "unix") {
    address.ss_family = AF_UNIX;
  } else if (text.contains(':')) {
    address.ss_family = AF_INET6;
    ::inet_pton(AF_INET6, text.c_str(), &reinterpret_cast<sockaddr_in6&>(address).sin6_addr);
  } else {
    address.ss_family = AF_INET;
    ::inet_pton(AF_INET, text.c_str(), &reinterpret_cast<sockaddr_in&>(address).sin_addr);
  }
  return describe_peer(address);
}

TEST(Forwarded, DescribesPeers) {
  EXPECT_EQ(peer("192.0.2.1").text, "192.0.2.1");
  EXPECT_EQ(peer("::ffff:192.0.2.1").text, "192.0.2.1");
  EXPECT_EQ(peer("2001:DB8:0::1").text, "2001:db8::1");
  EXPECT_EQ(peer("unix").text, "unix");
}

TEST(Forwarded, Trusts) {
  const struct {
    std::vector<std::string> entries;
    std::string peer;
    bool expected;
  } cases[] = {
      {{}, "127.0.0.1", false},
      {{}, "unix", false},
      {{"unix"}, "unix", true},
      {{"unix"}, "127.0.0.1", false},
      {{"0.0.0.0/0", "::/0"}, "unix", false},
      {{"127.0.0.1"}, "127.0.0.1", true},
      {{"127.0.0.1"}, "127.0.0.2", false},
      {{"127.0.0.1"}, "::ffff:127.0.0.1", true},
      {{"::ffff:127.0.0.1"}, "127.0.0.1", true},
      {{"127.0.0.1"}, "::1", false},
      {{"::1"}, "::1", true},
      {{"10.0.0.0/8"}, "10.255.0.1", true},
      {{"10.0.0.0/8"}, "11.0.0.1", false},
      {{"10.1.2.3/8"}, "10.9.9.9", true},
      {{"192.168.4.0/22"}, "192.168.7.255", true},
      {{"192.168.4.0/22"}, "192.168.8.0", false},
      {{"0.0.0.0/0"}, "8.8.8.8", true},
      {{"0.0.0.0/0"}, "2001:db8::1", false},
      {{"fd00::/8"}, "fdab::1", true},
      {{"fd00::/8"}, "fe00::1", false},
      {{"2001:db8::/33"}, "2001:db8:7fff::", true},
      {{"2001:db8::/33"}, "2001:db8:8000::", false},
      {{"192.0.2.1", "192.0.2.2"}, "192.0.2.2", true},
  };
  for (const auto& [entries, text, expected] : cases) {
    EXPECT_EQ(TrustedProxies(entries).trusts(peer(text)), expected)
        << text << " of " << (entries.empty() ? "none" : entries.front());
  }
}

TEST(Forwarded, RefusesWhatIsNoAddress) {
  for (const std::string entry :
       {"", "localhost", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "::/129",
        "10.0.0", "10.0.0.0/8/8", "unix:/x", "fe80::1%eth0", "*"}) {
    const std::vector<std::string> entries{entry};
    EXPECT_THROW(TrustedProxies{entries}, std::runtime_error) << entry;
  }
}

TEST(Forwarded, FindsTheClient) {
  const std::vector<std::string> trusted{"127.0.0.1", "10.0.0.0/8", "2001:db8::/32"};
  const TrustedProxies proxies(trusted);
  const struct {
    std::vector<std::string_view> fields;
    std::string_view expected;
  } cases[] = {
      {{}, "127.0.0.1"},
      {{"192.0.2.1"}, "192.0.2.1"},
      {{" 192.0.2.1\t"}, "192.0.2.1"},
      {{"198.51.100.7, 192.0.2.1"}, "192.0.2.1"},
      {{"198.51.100.7, 192.0.2.1, 10.0.0.5"}, "192.0.2.1"},
      {{"198.51.100.7,192.0.2.1,10.0.0.5,10.0.0.6"}, "192.0.2.1"},
      {{"198.51.100.7", "192.0.2.1, 10.0.0.5", "10.0.0.6"}, "192.0.2.1"},
      {{"198.51.100.7", "192.0.2.1"}, "192.0.2.1"},
      {{"10.0.0.5"}, "10.0.0.5"},
      {{"10.0.0.4, 10.0.0.5"}, "10.0.0.4"},
      {{"192.0.2.1:4711"}, "192.0.2.1"},
      {{"[2001:db9::1]:4711"}, "2001:db9::1"},
      {{"[2001:db9::1]"}, "2001:db9::1"},
      {{"2001:DB9:0:0::1"}, "2001:db9::1"},
      {{"192.0.2.1, 2001:db8::7"}, "192.0.2.1"},
      {{"::ffff:192.0.2.1"}, "192.0.2.1"},
      {{"192.0.2.1, ::ffff:10.1.1.1"}, "192.0.2.1"},
      // What is no address ends the walk.
      {{""}, "127.0.0.1"},
      {{"unknown"}, "127.0.0.1"},
      {{"192.0.2.1, unknown"}, "127.0.0.1"},
      {{"192.0.2.1, unknown, 10.0.0.5"}, "10.0.0.5"},
      {{"192.0.2.1,"}, "127.0.0.1"},
      {{"192.0.2.1,,10.0.0.5"}, "10.0.0.5"},
      {{"192.0.2.1", "nonsense"}, "127.0.0.1"},
      {{"[192.0.2.1"}, "127.0.0.1"},
      {{"[::1]x"}, "127.0.0.1"},
      {{"192.0.2.1 192.0.2.2"}, "127.0.0.1"},
      {{"<script>"}, "127.0.0.1"},
  };
  for (const auto& [fields, expected] : cases) {
    std::vector<Header> headers{{"Host", "a"}};
    for (const std::string_view field : fields) headers.push_back({"x-forwarded-for", field});
    EXPECT_EQ(proxies.client_address(peer("127.0.0.1"), headers), expected)
        << (fields.empty() ? "" : fields.front());
  }
}

}  // namespace
}  // namespace latchkey::http
