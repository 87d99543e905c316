#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "domain/ground/ground.h"
#include "domain/keys/key_ring.h"
#include "platform/crypto/certificate.h"

namespace latchkey::providers {

// The keys by which providers know this server that want a certificate of it, where the
// configuration has none: made at the first need, the same on every node, in the database, sealed
// with a server key (docs/formats/keys.md). For any number of threads, which wait for the database.
class OwnKeys {
 public:
  using Ring = std::function<std::shared_ptr<const keys::KeyRing>()>;

  OwnKeys(const Ground& ground, Ring ring) : ground_(ground), ring_(std::move(ring)) {}

  // Another one than before only when the server key is lost that had sealed it.
  crypto::KeyPair of(const std::string& provider);

 private:
  const Ground& ground_;
  const Ring ring_;
  std::mutex mutex_;
  std::map<std::string, crypto::KeyPair> known_;
};

}  // namespace latchkey::providers
