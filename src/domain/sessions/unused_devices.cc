#include "domain/sessions/unused_devices.h"

#include <algorithm>

#include "domain/ground/id_source.h"
#include "domain/sessions/session_rows.h"
#include "domain/sessions/sessions.h"

namespace latchkey::sessions {
namespace {

// Read at once. The housekeeping thread has other things to do between two batches.
constexpr std::int64_t kBatch = 200;

void take_use(DeviceUse& use, std::optional<Time> unlocked, std::optional<SessionId> session,
              std::optional<Time> active) {
  if (!session || !active) return;
  // Begun while the clock was behind: ids follow the heartbeat, the columns do not.
  const Time used = std::max(*active, IdSource::born(*session));
  const Time at = std::max(used, unlocked.value_or(used));
  use.at = std::max(use.at.value_or(at), at);
}

}  // namespace

Duration served_between(std::span<const Gap> gaps, Time from, Time to) {
  Duration served{0};
  Time begin = from;
  for (const Gap& gap : gaps) {
    if (begin >= to) break;
    if (gap.to <= begin) continue;
    if (gap.from > begin) served += std::min(gap.from, to) - begin;
    begin = gap.to;
  }
  return begin < to ? served + (to - begin) : served;
}

Duration late_after(Duration longest) { return longest / 24; }

bool comes_back_late(const Policy& policy, Time last_used, Time now) {
  const Limit longest = policy.delete_unused_devices_after;
  return longest && now - last_used > late_after(*longest);
}

void note_unlocked(db::Tx& tx, UserId user, Time now) {
  tx.run("UPDATE devices SET unlocked_at = :now WHERE user_id = :user AND deleted_at IS NULL", now,
         user);
}

std::vector<DeviceUse> list_device_uses(db::Tx& tx, std::optional<DeviceKey> after,
                                        std::int64_t limit) {
  std::vector<DeviceUse> uses;
  // Two branches, so that each has its partial index.
  tx.each<DeviceKey, UserId, std::optional<Time>, std::optional<SessionId>, std::optional<Time>>(
      "SELECT d.id, d.user_id, d.unlocked_at, s.id, s.last_active_at FROM"
      " (SELECT id, user_id, unlocked_at FROM devices WHERE deleted_at IS NULL AND id > :after"
      " ORDER BY id LIMIT :limit) d LEFT JOIN sessions s ON s.device = d.id AND s.ended = 0"
      " UNION ALL SELECT d.id, d.user_id, d.unlocked_at, s.id, s.last_active_at FROM"
      " (SELECT id, user_id, unlocked_at FROM devices WHERE deleted_at IS NULL AND id > :after"
      " ORDER BY id LIMIT :limit) d JOIN sessions s ON s.device = d.id AND s.ended = 1"
      " ORDER BY 1",
      [&](DeviceKey key, UserId user, std::optional<Time> unlocked,
          std::optional<SessionId> session, std::optional<Time> active) {
        if (uses.empty() || uses.back().key != key) uses.push_back({.key = key, .user = user});
        take_use(uses.back(), unlocked, session, active);
      },
      after.value_or(DeviceKey{}), limit);
  return uses;
}

std::optional<DeviceUse> find_device_use(db::Tx& tx, DeviceKey device) {
  const auto row = tx.one<UserId, std::optional<Time>>(
      "SELECT user_id, unlocked_at FROM devices WHERE id = :id AND deleted_at IS NULL", device);
  if (!row) return std::nullopt;
  const auto& [user, unlocked] = *row;
  DeviceUse use{.key = device, .user = user};
  tx.each<SessionId, Time>(
      "SELECT id, last_active_at FROM sessions WHERE device = :device AND ended = 0"
      " UNION ALL SELECT id, last_active_at FROM sessions WHERE device = :device AND ended = 1",
      [&, unlocked](SessionId session, Time active) { take_use(use, unlocked, session, active); },
      device);
  return use;
}

bool Sessions::delete_unused_devices() {
  const Limit longest = policy_.delete_unused_devices_after;
  if (!longest) return false;
  const Time now = clock_.now();
  heartbeat();  // a clock that jumped becomes a gap before anything counts as old by it
  flush_activity();
  std::vector<Gap> gaps;
  const auto batch = db_.read_now([&](db::Tx& tx) {
    gaps = list_gaps(tx);
    return list_device_uses(tx, unused_devices_after_, kBatch);
  });
  const auto unused = [&](const DeviceUse& use) {
    return use.at && served_between(gaps, *use.at, now) > *longest;
  };
  std::size_t deleted = 0;
  for (const DeviceUse& use : batch) {
    if (!unused(use)) continue;
    // One account in each transaction: two would have to be locked in an order.
    deleted += db_.write_now([&](db::Tx& tx) -> std::size_t {
      const auto account = lock_account(tx, use.user);
      // A locked account cannot use its devices: they wait for it.
      if (!account || account->locked_at) return 0;
      const auto now_used = find_device_use(tx, use.key);
      if (!now_used || !unused(*now_used)) return 0;
      end(tx, OneDevice{use.user, use.key}, Ended::for_good, EndReason::device_unused);
      return 1;
    });
  }
  if (deleted > 0) {
    log_.info("deleted devices that nobody has used for long",
              {{"devices", static_cast<std::int64_t>(deleted)}});
  }
  const bool more = batch.size() == static_cast<std::size_t>(kBatch);
  unused_devices_after_ = more ? std::optional(batch.back().key) : std::nullopt;
  return more;
}

}  // namespace latchkey::sessions
