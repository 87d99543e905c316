#include "domain/sessions/token.h"

#include <algorithm>
#include <span>

#include "domain/token_prefixes.h"
#include "platform/crypto/equal.h"
#include "platform/crypto/hash.h"
#include "platform/crypto/hkdf.h"
#include "platform/text/base62.h"

namespace latchkey::sessions {
namespace {

constexpr std::size_t kPrefixLength = 4;
constexpr std::size_t kTagAt = 12;
constexpr std::size_t kTagLength = 16;
constexpr std::size_t kCheckAt = 28;

constexpr std::string_view prefix(Kind kind) {
  return kind == Kind::access ? text_of(TokenPrefix::access) : text_of(TokenPrefix::refresh);
}

// Ours too, but never of this form. (Codes are no tokens, and as foreign here as any other text.)
constexpr std::string_view kOtherTokens[] = {
    text_of(TokenPrefix::login), text_of(TokenPrefix::personal), text_of(TokenPrefix::homeserver)};

void put(std::span<std::uint8_t> out, std::uint64_t value) {
  for (std::size_t i = out.size(); i-- > 0; value >>= 8) out[i] = static_cast<std::uint8_t>(value);
}

std::uint64_t get(std::span<const std::uint8_t> in) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : in) value = (value << 8) | byte;
  return value;
}

// session id 64 | generation 24, as both MACs and the token hold them.
std::span<std::uint8_t> place(Token::Bytes& bytes) { return std::span(bytes).subspan(1, 11); }

}  // namespace

struct TokenCodec::Macs {
  explicit Macs(const keys::ServerKey& key)
      : tag(subkey(key, "latchkey token tag")), check(subkey(key, "latchkey token check")) {}

  static crypto::Digest subkey(const keys::ServerKey& key, std::string_view use) {
    crypto::Digest out;
    crypto::hkdf_sha256(key.secret, {}, use, out);
    return out;
  }

  std::array<std::uint8_t, 4> check_of(Kind kind, const Token::Bytes& bytes) {
    std::array<std::uint8_t, kPrefixLength + kCheckAt> message;
    std::ranges::copy(prefix(kind), message.begin());
    std::copy_n(bytes.begin(), kCheckAt, message.begin() + kPrefixLength);
    const crypto::Digest digest = check.mac(message);
    return {digest[0], digest[1], digest[2], digest[3]};
  }

  crypto::HmacSha256 tag;
  crypto::HmacSha256 check;
};

std::expected<Token, TokenFault> read_token(std::string_view text) {
  Token token;
  if (text.starts_with(prefix(Kind::access))) {
    token.kind = Kind::access;
  } else if (text.starts_with(prefix(Kind::refresh))) {
    token.kind = Kind::refresh;
  } else {
    const bool ours = std::ranges::any_of(
        kOtherTokens, [&](std::string_view other) { return text.starts_with(other); });
    return std::unexpected(ours ? TokenFault::malformed : TokenFault::foreign);
  }
  if (!text::decode_base62_256(text.substr(kPrefixLength), token.bytes)) {
    return std::unexpected(TokenFault::malformed);
  }
  const std::span<const std::uint8_t> bytes(token.bytes);
  token.key = bytes[0];
  const std::uint64_t session = get(bytes.subspan(1, 8));
  if (session >> 63 != 0) return std::unexpected(TokenFault::malformed);
  token.session = static_cast<SessionId>(session);
  token.generation = static_cast<Generation>(get(bytes.subspan(9, 3)));
  return token;
}

TokenCodec::TokenCodec(std::shared_ptr<const keys::KeyRing> keys) : keys_(std::move(keys)) {
  for (const keys::ServerKey& key : keys_->keys()) macs_[key.id] = std::make_unique<Macs>(key);
}

TokenCodec::~TokenCodec() = default;
TokenCodec::TokenCodec(TokenCodec&&) noexcept = default;
TokenCodec& TokenCodec::operator=(TokenCodec&&) noexcept = default;

std::array<std::uint8_t, 16> TokenCodec::tag(Macs& macs, const Token& token, const Nonce& nonce) {
  std::array<std::uint8_t, 28> message;
  auto at = std::ranges::copy(nonce, message.begin()).out;
  *at++ = static_cast<std::uint8_t>(token.kind);
  std::copy_n(token.bytes.begin() + 1, 11, at);
  const crypto::Digest digest = macs.tag.mac(message);
  std::array<std::uint8_t, kTagLength> tag;
  std::copy_n(digest.begin(), kTagLength, tag.begin());
  return tag;
}

std::string TokenCodec::mint(Kind kind, SessionId session, Generation generation,
                             const Nonce& nonce) {
  Token token{.kind = kind,
              .key = keys_->current().id,
              .session = session,
              .generation = generation,
              .bytes = {}};
  token.bytes[0] = token.key;
  put(place(token.bytes).first(8), static_cast<std::uint64_t>(session));
  put(place(token.bytes).last(3), static_cast<std::uint64_t>(generation));
  Macs& macs = *macs_[token.key];
  std::ranges::copy(tag(macs, token, nonce), token.bytes.begin() + kTagAt);
  std::ranges::copy(macs.check_of(kind, token.bytes), token.bytes.begin() + kCheckAt);

  std::string text(prefix(kind));
  text.resize(kPrefixLength + text::kBase62Chars);
  text::encode_base62_256(token.bytes, std::span<char, text::kBase62Chars>(
                                           text.data() + kPrefixLength, text::kBase62Chars));
  return text;
}

TokenCodec::Check TokenCodec::check(const Token& token) {
  const auto& macs = macs_[token.key];
  if (macs == nullptr) return keys_->lost(token.key) ? Check::key_lost : Check::unknown_key;
  const auto expected = macs->check_of(token.kind, token.bytes);
  const bool same = crypto::equal(expected, std::span(token.bytes).subspan(kCheckAt));
  return same ? Check::authentic : Check::forged;
}

bool TokenCodec::fits(const Token& token, const Nonce& nonce) {
  const auto& macs = macs_[token.key];
  if (macs == nullptr) return false;
  return crypto::equal(tag(*macs, token, nonce),
                       std::span(token.bytes).subspan(kTagAt, kTagLength));
}

}  // namespace latchkey::sessions
