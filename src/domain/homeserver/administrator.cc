#include "domain/homeserver/administrator.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ranges>

#include "domain/sessions/standing.h"
#include "domain/token_prefixes.h"
#include "platform/crypto/equal.h"
#include "platform/crypto/hash.h"
#include "platform/crypto/hkdf.h"
#include "platform/crypto/random.h"
#include "platform/text/base64.h"

namespace latchkey::homeserver {
namespace {

constexpr std::string_view kPrefix = text_of(TokenPrefix::homeserver);

// What a token says: when it ends, and something random.
constexpr std::size_t kTime = 8;
constexpr std::size_t kSaid = kTime + 16;
constexpr std::size_t kSize = kSaid + std::tuple_size_v<crypto::Digest>;

std::string mac(const keys::ServerKey& key, std::string_view said) {
  std::array<std::uint8_t, 32> derived{};
  crypto::hkdf_sha256(key.secret, {}, "latchkey administrator at the homeserver", derived);
  const crypto::Digest digest = crypto::HmacSha256(derived).mac(said);
  return {digest.begin(), digest.end()};
}

}  // namespace

std::string AdministratorTokens::make() const {
  const auto ends = static_cast<std::uint64_t>(to_millis(clock_.now() + kAdministratorLifetime));
  std::string said;
  for (std::size_t i = 0; i < kTime; ++i) said += static_cast<char>(ends >> (8 * (kTime - 1 - i)));
  for (const std::uint8_t byte : crypto::random_array<kSaid - kTime>()) {
    said += static_cast<char>(byte);
  }
  return std::string(kPrefix) + text::encode_base64url(said + mac(keys_()->current(), said));
}

std::optional<Duration> AdministratorTokens::left(std::string_view token) const {
  if (!token.starts_with(kPrefix)) return std::nullopt;
  const auto bytes = text::decode_base64url(token.substr(kPrefix.size()));
  if (!bytes || bytes->size() != kSize) return std::nullopt;
  const std::string said = bytes->substr(0, kSaid);
  const std::string shown = bytes->substr(kSaid);
  const auto ring = keys_();
  const bool ours = std::ranges::any_of(ring->keys(), [&](const keys::ServerKey& key) {
    return crypto::equal(shown, mac(key, said));
  });
  if (!ours) return std::nullopt;
  std::uint64_t ends = 0;
  for (const char byte : said.substr(0, kTime)) ends = ends << 8 | static_cast<std::uint8_t>(byte);
  const Duration left = from_millis(static_cast<std::int64_t>(ends)) - clock_.now();
  // The node that made it may be a little ahead; otherwise a clock set back prolongs nothing.
  if (left <= Duration{0} || left > kAdministratorLifetime + sessions::kClockSkew) {
    return std::nullopt;
  }
  return left;
}

}  // namespace latchkey::homeserver
