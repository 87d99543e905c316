#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

// Addresses of the Internet Protocol, and networks of them.
namespace latchkey::text {

// An IPv6 address; an IPv4 one in its mapped form (::ffff:a.b.c.d), so that one comparison
// serves both.
using IpBytes = std::array<std::uint8_t, 16>;

// "192.0.2.1" or "2001:db8::1". Not with a scope ("fe80::1%eth0"), which means nothing on another
// machine.
std::optional<IpBytes> parse_ip(std::string_view text);

struct IpRange {
  // An address, or a network such as "10.0.0.0/8" or "fd00::/8".
  static std::optional<IpRange> parse(std::string_view text);
  bool contains(const IpBytes& address) const;

  IpBytes bytes;
  unsigned prefix;  // of 128
};

}  // namespace latchkey::text
