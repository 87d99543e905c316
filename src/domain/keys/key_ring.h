#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

#include "platform/time.h"

namespace latchkey::keys {

// A secret of the server from which the tags of tokens are made.
struct ServerKey {
  std::uint8_t id = 0;
  std::array<std::uint8_t, 32> secret{};
  Time created_at;

  // Tells keys apart without telling them: stored in the database beside the id.
  std::string fingerprint() const;
};

// The keys of a running server. Never changed: a rotation makes a new ring.
class KeyRing {
 public:
  // `keys` in the order of their ids, at least one; `lost` are ids whose keys were replaced.
  KeyRing(std::vector<ServerKey> keys, const std::vector<std::uint8_t>& lost);

  const std::vector<ServerKey>& keys() const { return keys_; }
  const ServerKey& current() const { return keys_.back(); }
  bool lost(std::uint8_t id) const { return lost_[id]; }

 private:
  std::vector<ServerKey> keys_;
  std::bitset<256> lost_;
};

}  // namespace latchkey::keys
