#include "domain/sessions/folded_sessions.h"

#include <string>
#include <tuple>
#include <vector>

#include "domain/ground/id_source.h"
#include "domain/sessions/lost_rows.h"
#include "domain/sessions/session_rows.h"

namespace latchkey::sessions {
namespace {

// More than a sign-in adds, so that what had to wait is caught up with.
constexpr std::size_t kBatch = 16;

enum class Fold { now, never, later };

// Until a heartbeat has passed a missing row would look lost, and one that began in a gap always
// would: then the device's deletion would not end it for good. Ends of a session with an ID token
// are told to its client, and are therefore kept. Others began before ids said whose they are.
Fold foldable(db::Tx& tx, DeviceKey device, SessionId id, bool told) {
  if (told || IdSource::low_bits(id) != IdSource::low_bits(device)) return Fold::never;
  const Lost lost = lost_row(tx, IdSource::born(id));
  if (lost.in_gap) return Fold::never;
  return judge_lost(lost).reason == Reason::lost ? Fold::later : Fold::now;
}

}  // namespace

void fold_taken_over(db::Tx& tx, DeviceKey device) {
  std::vector<std::tuple<SessionId, bool>> oldest;
  tx.each<SessionId, int>(
      "SELECT id, CASE WHEN ' ' || scope || ' ' LIKE '% openid %' THEN 1 ELSE 0 END FROM sessions"
      " WHERE device = :device AND ended = 1 AND id >"
      " (SELECT COALESCE(folded_to, 0) FROM devices WHERE id = :device) ORDER BY id LIMIT :limit",
      [&](SessionId id, int told) { oldest.emplace_back(id, told != 0); }, device,
      static_cast<std::int64_t>(kKeptSoftSessions + kBatch));
  if (oldest.size() <= kKeptSoftSessions) return;
  oldest.resize(oldest.size() - kKeptSoftSessions);

  std::optional<SessionId> first;  // of those that are folded now
  std::optional<SessionId> last;   // looked at, and not to be looked at again
  for (const auto& [id, told] : oldest) {
    const Fold fold = foldable(tx, device, id, told);
    if (fold == Fold::later) break;
    last = id;
    if (fold == Fold::never) continue;
    if (!first) first = id;
    tx.later("DELETE FROM sessions WHERE id = :id", id);
  }
  if (!last) return;
  tx.later("UPDATE devices SET folded_to = :last WHERE id = :id", *last, device);
  if (!first) return;
  tx.later(
      "UPDATE devices SET folded_bits = :bits, folded_from = COALESCE(folded_from, :first)"
      " WHERE id = :id",
      IdSource::low_bits(device), *first, device);
}

std::optional<Account> folded_into(db::Tx& tx, SessionId id) {
  static const std::string sql =
      "SELECT " + db::column_list<Account>("u") +
      " FROM devices d JOIN users u ON u.id = d.user_id WHERE d.folded_bits = :bits"
      " AND d.folded_from <= :session AND d.folded_to >= :session AND d.deleted_at IS NULL"
      " ORDER BY d.id LIMIT 1";
  return db::row<Account>(tx, sql, IdSource::low_bits(id), id);
}

}  // namespace latchkey::sessions
