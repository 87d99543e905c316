#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "platform/secret.h"

// JSON Web Keys (RFC 7517).
namespace latchkey::jose {

enum class Algorithm : std::uint8_t {
  // What this server signs with and lets its clients sign with.
  rs256,  // RSASSA-PKCS1-v1_5 with SHA-256
  es256,  // ECDSA on P-256 with SHA-256
  // What others sign with as well.
  rs384,
  rs512,
  ps256,  // RSASSA-PSS with SHA-256
  ps384,
  ps512,
  es384,    // ECDSA on P-384 with SHA-384
  es512,    // ECDSA on P-521 with SHA-512
  eddsa,    // Ed25519, read and never made
  ed25519,  // the same by its own name (RFC 9864)
  hs256,    // HMAC with SHA-256: of a secret that both sides have
};

std::string_view name_of(Algorithm algorithm);
std::optional<Algorithm> algorithm_of(std::string_view name);

// A key that signs or verifies with one algorithm, which follows from the key alone and never from
// a token. Copies share it; it is never changed, so threads may.
class Key {
 public:
  // Its id is its thumbprint (RFC 7638). Takes some 100 ms for RSA (2048 bits). Throws
  // std::runtime_error when OpenSSL fails.
  static Key generate(Algorithm algorithm);

  // RSA of 2048 to 8192 bits or P-256, public or private, for RS256 or ES256; the error is a
  // sentence. A key that says that it is for another use (`use`, `key_ops`, `alg`) is refused.
  static std::expected<Key, std::string> read(const boost::json::object& jwk);
  // The same for this algorithm, which the caller has decided to allow; also P-384, P-521 and
  // Ed25519 (RFC 8037). Never for HS256: what is published is no secret.
  static std::expected<Key, std::string> read(const boost::json::object& jwk, Algorithm algorithm);
  // For HS256, without an id.
  static Key of_secret(const Secret& secret);

  Algorithm algorithm() const;
  const std::string& id() const;  // kid; empty: the key has none
  bool can_sign() const;

  // With kid, use and alg, as it is published. Throws std::logic_error for HS256 and Ed25519.
  boost::json::object public_jwk() const;
  Secret private_jwk() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  static std::expected<Key, std::string> read_for(const boost::json::object& jwk,
                                                  std::optional<Algorithm> algorithm);
  explicit Key(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

  std::shared_ptr<const Impl> impl_;
};

// RFC 7638, of a well-formed RSA or EC key.
std::string thumbprint(const boost::json::object& jwk);

}  // namespace latchkey::jose
