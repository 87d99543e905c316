#include "domain/limits/address_group.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cstddef>

namespace latchkey::limits {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t kLongestAddress = 45;  // "0000:…:0000:255.255.255.255"

std::string group(std::string_view text, std::size_t prefix_bytes) {
  boost::system::error_code bad;
  const ip::address address =
      text.size() <= kLongestAddress ? ip::make_address(std::string(text), bad) : ip::address();
  if (bad || address.is_unspecified()) return "local";
  if (address.is_v4()) return address.to_string();
  const ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6).to_string();
  auto bytes = v6.to_bytes();
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(prefix_bytes), bytes.end(), 0);
  return ip::address_v6(bytes).to_string() + "/" + std::to_string(prefix_bytes * 8);
}

}  // namespace

std::string limit_key(std::string_view address) { return group(address, 8); }

std::string site_key(std::string_view address) { return group(address, 6); }

}  // namespace latchkey::limits
