#pragma once

#include <string>
#include <string_view>

// Addresses as limits count them.
namespace latchkey::limits {

// What one party has: an IPv4 address ("192.0.2.1", also written ::ffff:192.0.2.1), of IPv6 the
// /64 that every customer gets whole ("2001:db8:0:1::/64"). What is no address (a Unix socket, no
// address at all) is one group, "local".
std::string limit_key(std::string_view address);

// What one party may have at little cost: the same IPv4 address, of IPv6 the /48 of a site or a
// free tunnel ("2001:db8::/48"): 65536 groups.
std::string site_key(std::string_view address);

// What one customer of a hoster or provider may have a good part of: of IPv4 the /24
// ("192.0.2.0/24"), of IPv6 the same /48.
std::string network_key(std::string_view address);

}  // namespace latchkey::limits
