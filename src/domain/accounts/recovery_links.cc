#include "domain/accounts/recovery_links.h"

#include "domain/sessions/standing.h"
#include "platform/crypto/kept_hash.h"
#include "platform/crypto/random.h"

namespace latchkey::accounts {
namespace {

constexpr std::size_t kRandomLength = 32;  // of base62: 190 bits

std::string hash_of(std::string_view token) { return crypto::kept_hash(token); }

}  // namespace

NewRecoveryLink make_recovery_link(db::Tx& tx, UserId user, Duration lifetime, Time now) {
  NewRecoveryLink link{crypto::random_text(crypto::kBase62, kRandomLength), now + lifetime};
  delete_recovery_links_of(tx, user);
  tx.run(
      "INSERT INTO recovery_links (hash, user_id, created_at, expires_at)"
      " VALUES (:hash, :user, :now, :expires)",
      hash_of(link.token), user, now, link.expires_at);
  return link;
}

std::optional<UserId> find_recovery_link(db::Tx& tx, std::string_view token, Time now) {
  const auto row = tx.one<UserId, Time, Time>(
      "SELECT user_id, created_at, expires_at FROM recovery_links WHERE hash = :hash",
      hash_of(token));
  if (!row) return std::nullopt;
  const auto& [user, created_at, expires_at] = *row;
  if (sessions::passed(created_at, expires_at - created_at, now)) return std::nullopt;
  return user;
}

void delete_recovery_links_of(db::Tx& tx, UserId user) {
  tx.run("DELETE FROM recovery_links WHERE user_id = :user", user);
}

std::int64_t purge_recovery_links(db::Tx& tx, Time now, std::int64_t limit) {
  return tx.run(
      "DELETE FROM recovery_links WHERE hash IN"
      " (SELECT hash FROM recovery_links WHERE expires_at <= :now LIMIT :limit)",
      now, limit);
}

}  // namespace latchkey::accounts
