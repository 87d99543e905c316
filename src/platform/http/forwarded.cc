#include "platform/http/forwarded.h"

#include <netinet/in.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cstring>
#include <ranges>
#include <stdexcept>

#include "platform/http/field.h"

namespace latchkey::http {
namespace {

namespace ip = boost::asio::ip;

constexpr std::string_view kForwardedFor = "X-Forwarded-For";

std::string to_text(const text::IpBytes& bytes) {
  const ip::address_v6 address(bytes);
  return address.is_v4_mapped() ? ip::make_address_v4(ip::v4_mapped, address).to_string()
                                : address.to_string();
}

// An entry of X-Forwarded-For; some proxies add the port: "192.0.2.1:80", "[2001:db8::1]:80".
std::optional<text::IpBytes> parse_forwarded(std::string_view entry) {
  if (entry.starts_with('[')) {
    const auto close = entry.find(']');
    if (close == entry.npos) return std::nullopt;
    const std::string_view after = entry.substr(close + 1);
    if (!after.empty() && !after.starts_with(':')) return std::nullopt;
    return text::parse_ip(entry.substr(1, close - 1));
  }
  const auto colon = entry.find(':');
  const bool one_colon = colon != entry.npos && colon == entry.rfind(':');
  return text::parse_ip(one_colon ? entry.substr(0, colon) : entry);
}

}  // namespace

Peer describe_peer(const sockaddr_storage& address) {
  Peer peer;
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    const ip::address_v4 parsed(ntohl(v4.sin_addr.s_addr));
    peer.bytes = ip::make_address_v6(ip::v4_mapped, parsed).to_bytes();
  } else if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    peer.bytes.emplace();
    std::memcpy(peer.bytes->data(), &v6.sin6_addr, peer.bytes->size());
  }
  peer.text = peer.bytes ? to_text(*peer.bytes) : "unix";
  return peer;
}

std::optional<std::string> problem_of_trusted_proxy(std::string_view entry) {
  if (entry == "unix" || text::IpRange::parse(entry)) return std::nullopt;
  std::string sentence = "is not an address, a network such as 10.0.0.0/8, or unix";
  const std::string_view address = entry.substr(0, entry.find('/'));
  if (address != entry && text::parse_ip(address)) {
    sentence += ": a network has at most /";
    sentence += address.find(':') == address.npos ? "32" : "128";
    sentence += ", an address has none";
  }
  return sentence;
}

TrustedProxies::TrustedProxies(std::span<const std::string> entries) {
  for (const std::string& entry : entries) {
    if (entry == "unix") {
      unix_ = true;
      continue;
    }
    const auto network = text::IpRange::parse(entry);
    if (!network) {
      throw std::runtime_error("trusted_proxies: '" + entry + "' " +
                               problem_of_trusted_proxy(entry).value_or(""));
    }
    networks_.push_back(*network);
  }
}

bool TrustedProxies::contains(const text::IpBytes& address) const {
  return std::ranges::any_of(
      networks_, [&](const text::IpRange& network) { return network.contains(address); });
}

bool TrustedProxies::trusts(const Peer& peer) const {
  return peer.bytes ? contains(*peer.bytes) : unix_;
}

std::string TrustedProxies::client_address(const Peer& peer,
                                           std::span<const Header> headers) const {
  std::string client = peer.text;
  for (const Header& header : headers | std::views::reverse) {
    if (!same_name(header.name, kForwardedFor)) continue;
    std::string_view rest = header.value;
    while (true) {
      const auto comma = rest.rfind(',');
      const auto entry = trim(comma == rest.npos ? rest : rest.substr(comma + 1));
      const auto address = parse_forwarded(entry);
      if (!address) return client;
      client = to_text(*address);
      if (!contains(*address)) return client;
      if (comma == rest.npos) break;
      rest = rest.substr(0, comma);
    }
  }
  return client;
}

}  // namespace latchkey::http
