#include "domain/oauth/signing_key_rows.h"

#include <utility>

namespace latchkey::oauth {

void lock_signing_keys(db::Tx& tx) {
  // A row that is always there, for the first signing key has none of its own to lock.
  tx.one<int>("SELECT id FROM server_keys ORDER BY id LIMIT 1" + std::string(tx.for_update()));
}

std::vector<SigningKeyRow> list_signing_keys(db::Tx& tx) {
  std::vector<SigningKeyRow> rows;
  tx.each<std::string, std::string, std::string, std::string, int, Time, std::optional<Time>>(
      "SELECT id, algorithm, public_jwk, sealed, server_key, created_at, retired_at"
      " FROM signing_keys ORDER BY created_at, id",
      [&](auto&... columns) { rows.push_back({std::move(columns)...}); });
  return rows;
}

void insert_signing_key(db::Tx& tx, const SigningKeyRow& row) {
  tx.run(
      "INSERT INTO signing_keys"
      " (id, algorithm, public_jwk, sealed, server_key, created_at, retired_at)"
      " VALUES (:id, :algorithm, :public, :sealed, :server_key, :created, :retired)",
      row.id, row.algorithm, row.public_jwk, row.sealed, row.server_key, row.created_at,
      row.retired_at);
}

void retire_signing_keys(db::Tx& tx, Time at) {
  tx.run("UPDATE signing_keys SET retired_at = :at WHERE retired_at IS NULL", at);
}

void retire_signing_keys_of(db::Tx& tx, int server_key, Time at) {
  tx.run(
      "UPDATE signing_keys SET retired_at = :at WHERE server_key = :server_key"
      " AND (retired_at IS NULL OR retired_at > :at)",
      at, server_key);
}

void purge_signing_keys(db::Tx& tx, Time until) {
  tx.run("DELETE FROM signing_keys WHERE retired_at <= :until", until);
}

}  // namespace latchkey::oauth
