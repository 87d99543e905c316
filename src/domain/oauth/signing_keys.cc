#include "domain/oauth/signing_keys.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

#include "platform/crypto/hkdf.h"
#include "platform/crypto/seal.h"
#include "platform/jose/jws.h"
#include "platform/text/base64.h"
#include "platform/text/json.h"

namespace latchkey::oauth {
namespace {

namespace json = boost::json;
using Rows = std::vector<SigningKeyRow>;
using keys::KeyRing;
using keys::ServerKey;

constexpr std::array kAlgorithms{jose::Algorithm::rs256, jose::Algorithm::es256};

crypto::SealKey seal_key(const ServerKey& key) {
  crypto::SealKey out;
  crypto::hkdf_sha256(key.secret, {}, "latchkey signing key", out);
  return out;
}

// A row's private part opens under its own id and algorithm alone.
std::string seal_context(const SigningKeyRow& row) { return row.algorithm + " " + row.id; }

SigningKeyRow row_of(const jose::Key& key, const ServerKey& server_key, Time now) {
  SigningKeyRow row{.id = key.id(),
                    .algorithm = std::string(name_of(key.algorithm())),
                    .public_jwk = json::serialize(key.public_jwk()),
                    .sealed = {},
                    .server_key = server_key.id,
                    .created_at = now,
                    .retired_at = {}};
  row.sealed = text::encode_base64url(
      crypto::seal(seal_key(server_key), key.private_jwk().reveal(), seal_context(row)));
  return row;
}

std::optional<jose::Key> read_key(std::string_view jwk) {
  const auto object = text::parse_object(jwk);
  if (!object) return std::nullopt;
  auto key = jose::Key::read(*object);
  if (!key) return std::nullopt;
  return std::move(*key);
}

// Absent: this node lacks the server key, or has another under its id.
std::optional<jose::Key> open_row(const SigningKeyRow& row, const KeyRing& ring) {
  const auto server_key = std::ranges::find(ring.keys(), row.server_key, &ServerKey::id);
  if (server_key == ring.keys().end()) return std::nullopt;
  const auto sealed = text::decode_base64url(row.sealed);
  if (!sealed) return std::nullopt;
  auto opened = crypto::unseal(seal_key(*server_key), *sealed, seal_context(row));
  if (!opened) return std::nullopt;
  const Secret jwk(std::move(*opened));
  auto key = read_key(jwk.reveal());
  if (!key || key->id() != row.id || name_of(key->algorithm()) != row.algorithm ||
      !key->can_sign()) {
    return std::nullopt;
  }
  return key;
}

bool retired(const std::optional<Time>& retired_at, Time now) {
  return retired_at && *retired_at <= now;
}

bool published(const SigningKeyRow& row, Time now) {
  return !row.retired_at || now < *row.retired_at + kKeyPublished;
}

// Made before the transaction, for it takes long. The transaction looks again whether it is needed.
Rows make_missing(const SigningKeySet& set, const KeyRing& ring, Time now) {
  Rows rows;
  for (const auto algorithm : kAlgorithms) {
    if (set.signer(algorithm, now) != nullptr) continue;
    rows.push_back(row_of(jose::Key::generate(algorithm), ring.current(), now));
  }
  return rows;
}

Rows add_missing(db::Tx& tx, const Rows& made, const std::shared_ptr<const KeyRing>& ring,
                 Time now) {
  lock_signing_keys(tx);
  const Rows found = list_signing_keys(tx);
  const SigningKeySet set(found, ring, now);
  for (const SigningKeyRow& row : found) {
    const bool held =
        std::ranges::find(ring->keys(), row.server_key, &ServerKey::id) != ring->keys().end();
    // No node can sign with it from now on.
    if (!held && ring->lost(static_cast<std::uint8_t>(row.server_key))) {
      retire_signing_keys_of(tx, row.server_key, now);
    }
  }
  for (const SigningKeyRow& row : made) {
    // Another node was first, perhaps.
    if (set.signer(*jose::algorithm_of(row.algorithm), now) == nullptr) insert_signing_key(tx, row);
  }
  return list_signing_keys(tx);
}

}  // namespace

SigningKeySet::SigningKeySet(const std::vector<SigningKeyRow>& rows,
                             std::shared_ptr<const KeyRing> ring, Time now)
    : ring_(std::move(ring)), read_at_(now) {
  json::array list;
  const auto publish = [&](const SigningKeyRow& row) {
    auto key = read_key(row.public_jwk);
    if (!key) return;
    list.push_back(key->public_jwk());
    published_.push_back(std::move(*key));
  };
  for (const SigningKeyRow& row : rows) {
    if (retired(row.retired_at, now)) continue;
    publish(row);
    if (auto key = open_row(row, *ring_)) signers_.push_back({std::move(*key), row.retired_at});
  }
  for (const SigningKeyRow& row : rows) {
    if (retired(row.retired_at, now) && oauth::published(row, now)) publish(row);
  }
  jwks_ = json::serialize(json::object{{"keys", std::move(list)}});
}

const jose::Key* SigningKeySet::signer(jose::Algorithm algorithm, Time now) const {
  const auto until = [](const Signer& signer) { return signer.retired_at.value_or(Time::max()); };
  const Signer* next = nullptr;
  for (const Signer& signer : signers_) {
    if (signer.key.algorithm() != algorithm || retired(signer.retired_at, now)) continue;
    if (next == nullptr || until(signer) < until(*next)) next = &signer;
  }
  return next == nullptr ? nullptr : &next->key;
}

bool SigningKeySet::fresh(const std::shared_ptr<const KeyRing>& ring, Time now) const {
  return ring == ring_ && read_at_ <= now && now - read_at_ < kKeysRemembered;
}

bool SigningKeySet::whole(Time now) const {
  return std::ranges::all_of(
      kAlgorithms, [&](jose::Algorithm algorithm) { return signer(algorithm, now) != nullptr; });
}

std::shared_ptr<const SigningKeySet> SigningKeys::remembered() const {
  const auto ring = sessions_.keys();
  const Time now = ground_.clock.now();
  const std::scoped_lock lock(mutex_);
  return set_ && set_->fresh(ring, now) && set_->whole(now) ? set_ : nullptr;
}

std::shared_ptr<const SigningKeySet> SigningKeys::remember(const Rows& rows) {
  auto set = std::make_shared<const SigningKeySet>(rows, sessions_.keys(), ground_.clock.now());
  const std::scoped_lock lock(mutex_);
  set_ = set;
  return set;
}

Task<std::shared_ptr<const SigningKeySet>> SigningKeys::current() {
  if (auto set = remembered()) co_return set;
  auto rows = co_await ground_.db.read([](db::Tx& tx) { return list_signing_keys(tx); });
  auto set = remember(rows);
  const Time now = ground_.clock.now();
  if (set->whole(now)) co_return set;
  auto ring = sessions_.keys();
  const Rows made = make_missing(*set, *ring, now);
  rows = co_await ground_.db.write([&](db::Tx& tx) { return add_missing(tx, made, ring, now); });
  co_return remember(rows);
}

std::shared_ptr<const SigningKeySet> SigningKeys::current_now() {
  if (auto set = remembered()) return set;
  auto set = remember(ground_.db.read_now([](db::Tx& tx) { return list_signing_keys(tx); }));
  const Time now = ground_.clock.now();
  if (set->whole(now)) return set;
  const auto ring = sessions_.keys();
  const Rows made = make_missing(*set, *ring, now);
  return remember(
      ground_.db.write_now([&](db::Tx& tx) { return add_missing(tx, made, ring, now); }));
}

std::string SigningKeySet::sign(jose::Algorithm algorithm, const json::object& claims, Time now,
                                std::string_view type) const {
  const jose::Key* key = signer(algorithm, now);
  if (key == nullptr) throw std::runtime_error("there is no key to sign with");
  return jose::sign(*key, claims, type);
}

Task<std::vector<SigningKeyRow>> SigningKeys::rotate(accounts::Operator by) {
  const Time now = ground_.clock.now();
  const auto ring = sessions_.keys();
  Rows made;
  for (const auto algorithm : kAlgorithms) {
    made.push_back(row_of(jose::Key::generate(algorithm), ring->current(), now));
  }
  auto rows = co_await ground_.db.write([&](db::Tx& tx) {
    lock_signing_keys(tx);
    retire_signing_keys(tx, now + kKeyHandover);
    for (const SigningKeyRow& row : made) insert_signing_key(tx, row);
    accounts::audit::note(tx, ground_.ids, now, by, "keys rotate-signing", "signing keys", "");
    return list_signing_keys(tx);
  });
  remember(rows);
  std::erase_if(rows, [&](const SigningKeyRow& row) { return !published(row, now); });
  co_return rows;
}

void SigningKeys::purge() {
  const Time until = ground_.clock.now() - kKeyPublished;
  ground_.db.write_now([until](db::Tx& tx) { purge_signing_keys(tx, until); });
}

}  // namespace latchkey::oauth
