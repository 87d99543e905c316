#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "platform/secret.h"

// JSON Web Keys (RFC 7517) of the two kinds that OpenID Connect makes everybody know.
namespace latchkey::jose {

enum class Algorithm : std::uint8_t {
  rs256,  // RSASSA-PKCS1-v1_5 with SHA-256
  es256,  // ECDSA on P-256 with SHA-256
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

  // RSA of 2048 to 8192 bits or P-256, public or private; the error is a sentence. A key that says
  // that it is for another use (`use`, `key_ops`, `alg`) is refused.
  static std::expected<Key, std::string> read(const boost::json::object& jwk);

  Algorithm algorithm() const;
  const std::string& id() const;  // kid; empty: the key has none
  bool can_sign() const;

  // With kid, use and alg, as it is published.
  boost::json::object public_jwk() const;
  Secret private_jwk() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit Key(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

  std::shared_ptr<const Impl> impl_;
};

// RFC 7638, of a well-formed RSA or EC key.
std::string thumbprint(const boost::json::object& jwk);

}  // namespace latchkey::jose
