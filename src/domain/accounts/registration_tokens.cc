#include "domain/accounts/registration_tokens.h"

#include <algorithm>

#include "platform/crypto/kept_hash.h"
#include "platform/crypto/random.h"

namespace latchkey::accounts {
namespace {

constexpr std::size_t kLongestToken = 64;
constexpr std::size_t kMadeTokenLength = 16;

constexpr std::string_view kSelectToken =
    "SELECT t.id, t.name, t.uses_allowed, t.used,"
    " (SELECT COUNT(*) FROM auth_sessions a"
    "  WHERE a.registration_token = t.id AND a.expires_at > :now AND a.hash <> :holder),"
    " t.created_at, t.expires_at, t.revoked_at FROM registration_tokens t";

std::vector<RegistrationToken> select_tokens(db::Tx& tx, const std::string& sql, Time now,
                                             std::string_view holder, const auto&... args) {
  using MaybeTime = std::optional<Time>;
  std::vector<RegistrationToken> tokens;
  tx.each<RegistrationTokenId, std::string, std::optional<std::int64_t>, std::int64_t, std::int64_t,
          Time, MaybeTime, MaybeTime>(
      sql, [&](auto&... columns) { tokens.push_back({std::move(columns)...}); }, now, holder,
      args...);
  return tokens;
}

}  // namespace

TokenState state_of(const RegistrationToken& token, Time now) {
  if (token.revoked_at) return TokenState::revoked;
  if (token.expires_at && *token.expires_at <= now) return TokenState::expired;
  if (token.uses_allowed && token.used >= *token.uses_allowed) return TokenState::spent;
  return TokenState::valid;
}

bool usable(const RegistrationToken& token, Time now) {
  return state_of(token, now) == TokenState::valid &&
         (!token.uses_allowed || token.used + token.pending < *token.uses_allowed);
}

bool valid_registration_token(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._~-").contains(c);
  };
  return !text.empty() && text.size() <= kLongestToken && std::ranges::all_of(text, allowed);
}

std::string make_registration_token() {
  return crypto::random_text(crypto::kLowerCaseDigits, kMadeTokenLength);
}

std::optional<RegistrationTokenId> find_usable(db::Tx& tx, std::string_view text, Time now,
                                               std::string_view holder, sessions::Lock lock) {
  if (!valid_registration_token(text)) return std::nullopt;
  const std::string hash = crypto::kept_hash(text);
  if (lock == sessions::Lock::yes) {
    // By itself first: the count of those who hold it must be one from after the wait.
    tx.one<RegistrationTokenId>(
        "SELECT id FROM registration_tokens WHERE hash = :hash" + std::string(tx.for_update()),
        hash);
  }
  static const std::string sql = std::string(kSelectToken) + " WHERE t.hash = :hash";
  const auto found = select_tokens(tx, sql, now, holder, hash);
  if (found.empty() || !usable(found.front(), now)) return std::nullopt;
  return found.front().id;
}

bool use(db::Tx& tx, RegistrationTokenId id, Time now) {
  return tx.run(
             "UPDATE registration_tokens SET used = used + 1 WHERE id = :id"
             " AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now)"
             " AND (uses_allowed IS NULL OR used < uses_allowed)",
             id, now) == 1;
}

bool insert_registration_token(db::Tx& tx, const RegistrationToken& token, std::string_view text) {
  return tx.run(
             "INSERT INTO registration_tokens (id, hash, name, uses_allowed, created_at, "
             "expires_at)"
             " VALUES (:id, :hash, :name, :uses, :created, :expires) ON CONFLICT DO NOTHING",
             token.id, crypto::kept_hash(text), token.name, token.uses_allowed, token.created_at,
             token.expires_at) == 1;
}

bool registration_token_taken(db::Tx& tx, std::string_view text) {
  return tx
      .one<std::int64_t>("SELECT id FROM registration_tokens WHERE hash = :hash",
                         crypto::kept_hash(text))
      .has_value();
}

std::optional<RegistrationToken> find_registration_token(db::Tx& tx, RegistrationTokenId id,
                                                         Time now) {
  static const std::string sql = std::string(kSelectToken) + " WHERE t.id = :id";
  auto found = select_tokens(tx, sql, now, {}, id);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<RegistrationToken> list_registration_tokens(db::Tx& tx, Time now) {
  static const std::string sql = std::string(kSelectToken) + " ORDER BY t.id DESC";
  return select_tokens(tx, sql, now, {});
}

bool revoke_registration_token(db::Tx& tx, RegistrationTokenId id, Time now) {
  return tx.run(
             "UPDATE registration_tokens SET revoked_at = :now WHERE id = :id"
             " AND revoked_at IS NULL",
             now, id) == 1;
}

}  // namespace latchkey::accounts
