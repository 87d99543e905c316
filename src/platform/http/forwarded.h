#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/http/message.h"

// Who the client is when reverse proxies stand between.
namespace latchkey::http {

// An IPv6 address; an IPv4 one in its mapped form (::ffff:a.b.c.d), so that one comparison
// serves both.
using AddressBytes = std::array<std::uint8_t, 16>;

// The other end of a connection.
struct Peer {
  std::string text;                   // "192.0.2.1", "2001:db8::1" or "unix"
  std::optional<AddressBytes> bytes;  // none for a Unix socket
};

Peer describe_peer(const sockaddr_storage& address);

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
  struct Network {
    AddressBytes bytes;
    unsigned prefix;  // of 128
  };
  bool contains(const AddressBytes& address) const;

  std::vector<Network> networks_;
  bool unix_ = false;
};

}  // namespace latchkey::http
