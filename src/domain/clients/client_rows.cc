#include "domain/clients/client_rows.h"

#include <chrono>

namespace latchkey::clients {
namespace {

constexpr auto kTouchEvery = std::chrono::hours{24};
// Of one with which nobody has signed in: who registers it again must find it until they do.
constexpr auto kTouchUnusedEvery = std::chrono::hours{1};

}  // namespace

std::optional<std::string> find_client_metadata(db::Tx& tx, std::string_view id) {
  const auto row = tx.one<std::string>("SELECT metadata FROM oauth_clients WHERE id = :id", id);
  if (!row) return std::nullopt;
  return std::get<0>(*row);
}

std::optional<ClientRow> find_client_by_digest(db::Tx& tx, std::string_view digest) {
  const auto row = tx.one<std::string, Time, Time, std::optional<Time>>(
      "SELECT id, created_at, used_at, signed_in_at FROM oauth_clients WHERE digest = :digest",
      digest);
  if (!row) return std::nullopt;
  const auto& [id, created_at, used_at, signed_in_at] = *row;
  return ClientRow{id, created_at, used_at, signed_in_at.has_value()};
}

ClientRow keep_client(db::Tx& tx, std::string_view id, std::string_view digest,
                      std::string_view metadata, Time now) {
  // The update keeps an old row from being cleaned up before this commits.
  const bool is_there =
      tx.run("UPDATE oauth_clients SET used_at = :now WHERE digest = :digest", now, digest) > 0;
  if (!is_there) {
    // Of two that register the same at once one finds the other's.
    tx.run(
        "INSERT INTO oauth_clients (id, digest, metadata, created_at, used_at)"
        " VALUES (:id, :digest, :metadata, :now, :now) ON CONFLICT DO NOTHING",
        id, digest, metadata, now);
  }
  if (auto row = find_client_by_digest(tx, digest)) return std::move(*row);
  throw db::Error("a registration found its client_id taken");
}

void touch_client(db::Tx& tx, std::string_view id, Time now) {
  tx.run("UPDATE oauth_clients SET used_at = :now WHERE id = :id AND used_at <= :before", now, id,
         now - kTouchEvery);
  tx.run("UPDATE oauth_clients SET signed_in_at = :now WHERE id = :id AND signed_in_at IS NULL",
         now, id);
}

bool is_touched(const ClientRow& row, Time now) {
  return row.used_at > now - (row.signed_in ? kTouchEvery : kTouchUnusedEvery);
}

std::int64_t delete_unused_clients(db::Tx& tx, Time before, Time registered, std::int64_t limit) {
  return tx.run(
      "DELETE FROM oauth_clients WHERE id IN (SELECT id FROM oauth_clients"
      " WHERE used_at <= :registered AND (used_at <= :before OR signed_in_at IS NULL)"
      " AND NOT EXISTS (SELECT 1 FROM sessions WHERE client = oauth_clients.id AND client IS NOT"
      " NULL AND ended < 2) LIMIT :limit)",
      registered, before, limit);
}

}  // namespace latchkey::clients
