#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "domain/keys/key_ring.h"
#include "domain/sessions/record.h"

// The form of tokens (docs/formats/token.md). A token is derived from its session's row and a
// server key; no token is stored:
//
//   prefix + base62(key id 8 | session id 64 | generation 24 | tag 128 | check 32)
namespace latchkey::sessions {

enum class Kind : std::uint8_t {
  access,   // lka_
  refresh,  // lkr_
};

enum class TokenFault {
  foreign,      // no prefix of ours: may be another server's
  malformed,    // our prefix, but not this form
  forged,       // the check does not fit, or a key that never was
  unknown_key,  // a key this process does not hold: perhaps another node's new one
};

// What a token says of itself. Nothing of it is to be believed before it was compared with the
// bytes of an authentic one or went through TokenCodec::check().
struct Token {
  using Bytes = std::array<std::uint8_t, 32>;

  Kind kind = Kind::access;
  std::uint8_t key = 0;
  SessionId session{};
  Generation generation = 0;
  Bytes bytes{};
};

// Reads the form alone, without a key: foreign and malformed are told apart here.
std::expected<Token, TokenFault> read_token(std::string_view text);

// Makes and checks tokens with the keys of a ring. Holds reused MAC contexts: one for each thread.
class TokenCodec {
 public:
  explicit TokenCodec(std::shared_ptr<const keys::KeyRing> keys);
  ~TokenCodec();
  TokenCodec(TokenCodec&&) noexcept;
  TokenCodec& operator=(TokenCodec&&) noexcept;

  // With the ring's newest key.
  std::string mint(Kind kind, SessionId session, Generation generation, const Nonce& nonce);

  // Whether this server made the token, as far as its 32 check bits tell: refuses garbage
  // without a look at the database. `key_lost` tokens cannot be checked and pass.
  enum class Check { authentic, key_lost, forged, unknown_key };
  Check check(const Token& token);

  // Whether the tag is that of a session with this nonce. Only for tokens found authentic.
  bool fits(const Token& token, const Nonce& nonce);

 private:
  struct Macs;
  std::array<std::uint8_t, 16> tag(Macs& macs, const Token& token, const Nonce& nonce);

  std::shared_ptr<const keys::KeyRing> keys_;
  std::array<std::unique_ptr<Macs>, 256> macs_;
};

}  // namespace latchkey::sessions
