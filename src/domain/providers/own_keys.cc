#include "domain/providers/own_keys.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include "platform/crypto/hkdf.h"
#include "platform/crypto/seal.h"
#include "platform/text/base64.h"

namespace latchkey::providers {
namespace {

using crypto::KeyPair;
using keys::KeyRing;
using keys::ServerKey;

// Nobody who knows the key asks the certificate how long it is good.
constexpr Duration kLasts = std::chrono::hours{24} * 365 * 20;

struct Row {
  std::string provider;
  std::string certificate;
  std::string sealed;
  int server_key = 0;
};

crypto::SealKey seal_key(const ServerKey& key) {
  crypto::SealKey out;
  crypto::hkdf_sha256(key.secret, {}, "latchkey provider key", out);
  return out;
}

Row row_of(const std::string& provider, const KeyPair& pair, const ServerKey& key) {
  return {.provider = provider,
          .certificate = text::encode_base64(pair.certificate),
          .sealed = text::encode_base64url(
              crypto::seal(seal_key(key), pair.private_key.reveal(), provider)),
          .server_key = key.id};
}

std::optional<Row> find(db::Tx& tx, const std::string& provider) {
  const auto row = tx.one<std::string, std::string, int>(
      "SELECT certificate, sealed, server_key FROM provider_keys WHERE provider = :provider",
      provider);
  if (!row) return std::nullopt;
  const auto& [certificate, sealed, server_key] = *row;
  return Row{provider, certificate, sealed, server_key};
}

// Absent: this node lacks the server key, or has another under its id.
std::optional<KeyPair> open(const Row& row, const KeyRing& ring) {
  const auto key = std::ranges::find(ring.keys(), row.server_key, &ServerKey::id);
  if (key == ring.keys().end()) return std::nullopt;
  const auto sealed = text::decode_base64url(row.sealed);
  auto certificate = text::decode_base64(row.certificate);
  if (!sealed || !certificate) return std::nullopt;
  auto opened = crypto::unseal(seal_key(*key), *sealed, row.provider);
  if (!opened) return std::nullopt;
  return KeyPair{.private_key = Secret(std::move(*opened)), .certificate = std::move(*certificate)};
}

// Unless another node was first.
Row put(db::Tx& tx, const std::optional<Row>& old, const Row& made, Time now) {
  if (old) {
    tx.run(
        "UPDATE provider_keys SET certificate = :certificate, sealed = :sealed,"
        " server_key = :key, created_at = :created WHERE provider = :provider AND sealed = :old",
        made.certificate, made.sealed, made.server_key, now, made.provider, old->sealed);
  } else {
    tx.run(
        "INSERT INTO provider_keys (provider, certificate, sealed, server_key, created_at)"
        " VALUES (:provider, :certificate, :sealed, :key, :created) ON CONFLICT DO NOTHING",
        made.provider, made.certificate, made.sealed, made.server_key, now);
  }
  return find(tx, made.provider).value();
}

}  // namespace

KeyPair OwnKeys::of(const std::string& provider) {
  const std::scoped_lock lock(mutex_);
  if (const auto known = known_.find(provider); known != known_.end()) return known->second;
  const auto ring = ring_();
  const auto found = ground_.db.read_now([&](db::Tx& tx) { return find(tx, provider); });
  auto pair = found ? open(*found, *ring) : std::nullopt;
  if (!pair) {
    if (found && !ring->lost(static_cast<std::uint8_t>(found->server_key))) {
      throw std::runtime_error("the server key that has sealed a provider's key is not there");
    }
    const Time now = ground_.clock.now();
    const Row made =
        row_of(provider, crypto::make_key_pair("Latchkey", now, kLasts), ring->current());
    const Row kept = ground_.db.write_now([&](db::Tx& tx) { return put(tx, found, made, now); });
    pair = open(kept, *ring);
    if (!pair) throw std::runtime_error("a provider's key was not kept");
    if (found) {
      ground_.log.warning(
          "this server has a new key for an identity provider, which needs its "
          "metadata anew: the server key is lost that had sealed the old one",
          {{"provider", provider}});
    }
  }
  return known_.emplace(provider, *std::move(pair)).first->second;
}

}  // namespace latchkey::providers
