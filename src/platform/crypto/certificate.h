#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "platform/secret.h"
#include "platform/time.h"

// Keys in certificates (RFC 5280), as protocols other than TLS have them: what counts is the key,
// not who has signed the certificate.
namespace latchkey::crypto {

struct KeyPair {
  Secret private_key;       // PEM
  std::string certificate;  // DER
};

// RSA of 3072 bits, which takes some 100 ms, in a certificate signed by itself. Throws
// std::runtime_error when OpenSSL fails.
KeyPair make_key_pair(const std::string& name, Time now, Duration lasts);
// Of what operators have: PEM, RSA of 2048 bits or more, with its certificate. The error is the end
// of a sentence that begins with the key's option, and holds nothing of it.
std::expected<KeyPair, std::string> read_key_pair(const Secret& private_key,
                                                  std::string_view certificate);

// When a certificate ends; absent: it is none.
std::optional<Time> end_of_certificate(std::string_view der);

struct PublicKeyKind {
  enum class Family : std::uint8_t { rsa, elliptic, other };
  Family family = Family::other;
  int bits = 0;
};
// Of a certificate (DER); absent: it is none.
std::optional<PublicKeyKind> key_in_certificate(std::string_view der);

// The first certificate of a PEM text, as DER; absent: there is none.
std::optional<std::string> certificate_in_pem(std::string_view pem);

// Signatures of bytes: RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2), or ECDSA as r and s side by side
// (RFC 4051 section 2.3.6), by the key's own kind.
enum class SignatureHash : std::uint8_t { sha256, sha384, sha512 };
// With SHA-256, by an RSA key (PEM). Throws std::runtime_error when OpenSSL fails.
std::string sign(const Secret& private_key, std::string_view message);
bool verifies(std::string_view certificate, PublicKeyKind::Family family, SignatureHash hash,
              std::string_view message, std::string_view signature);

}  // namespace latchkey::crypto
