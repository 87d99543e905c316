#include "domain/limits/address_group.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cstddef>

namespace latchkey::limits {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t kLongestAddress = 45;  // "0000:…:0000:255.255.255.255"

template <class Address>
std::string prefix(const Address& address, std::size_t count) {
  auto bytes = address.to_bytes();
  if (count == bytes.size()) return address.to_string();
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(count), bytes.end(), 0);
  return Address(bytes).to_string() + "/" + std::to_string(count * 8);
}

// `v4_bytes`, `v6_bytes`: how much of an address counts.
std::string group(std::string_view text, std::size_t v4_bytes, std::size_t v6_bytes) {
  boost::system::error_code bad;
  const ip::address address =
      text.size() <= kLongestAddress ? ip::make_address(std::string(text), bad) : ip::address();
  if (bad || address.is_unspecified()) return "local";
  if (address.is_v4()) return prefix(address.to_v4(), v4_bytes);
  const ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) return prefix(ip::make_address_v4(ip::v4_mapped, v6), v4_bytes);
  return prefix(v6, v6_bytes);
}

}  // namespace

std::string limit_key(std::string_view address) { return group(address, 4, 8); }

std::string site_key(std::string_view address) { return group(address, 4, 6); }

std::string network_key(std::string_view address) { return group(address, 3, 6); }

}  // namespace latchkey::limits
