#pragma once

#include <sys/socket.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/http/message.h"
#include "platform/text/ip_range.h"

// Who the client is when reverse proxies stand between.
namespace latchkey::http {

// The other end of a connection.
struct Peer {
  std::string text;                    // "192.0.2.1", "2001:db8::1" or "unix"
  std::optional<text::IpBytes> bytes;  // none for a Unix socket
};

Peer describe_peer(const sockaddr_storage& address);

// What is wrong with an entry of `trusted_proxies`, as the end of a sentence; absent: nothing.
std::optional<std::string> problem_of_trusted_proxy(std::string_view entry);

class TrustedProxies {
 public:
  // Each entry is an address, a network ("10.0.0.0/8", "fd00::/8") or "unix". Throws
  // std::runtime_error with a sentence for any other.
  explicit TrustedProxies(std::span<const std::string> entries);

  bool trusts(const Peer& peer) const;

  // The client's address as a request through a trusted peer tells it: the rightmost entry of
  // its X-Forwarded-For fields that is not itself a trusted proxy. An entry that is no address
  // ends the walk, since what stands left of it was not written by a proxy we know. Falls back
  // to the last address that was trusted, in the end the peer's.
  std::string client_address(const Peer& peer, std::span<const Header> headers) const;

 private:
  bool contains(const text::IpBytes& address) const;

  std::vector<text::IpRange> networks_;
  bool unix_ = false;
};

}  // namespace latchkey::http
