#include "domain/sessions/lost_rows.h"

namespace latchkey::sessions {
namespace {

std::optional<Time> newest_heartbeat(db::Tx& tx) {
  const auto row = tx.one<Time>("SELECT at FROM heartbeat WHERE id = 1");
  return row ? std::optional(std::get<0>(*row)) : std::nullopt;
}

}  // namespace

std::optional<Time> note_gap_and_beat(db::Tx& tx, Time clock) {
  const auto found = newest_heartbeat(tx);
  if (found) add_gap(tx, *found - kHeartbeatMargin, clock + kHeartbeatMargin, clock);
  beat(tx, clock);
  return found;
}

void beat(db::Tx& tx, Time clock) {
  tx.run(
      "INSERT INTO heartbeat (id, at) VALUES (1, :at)"
      " ON CONFLICT (id) DO UPDATE SET at = excluded.at WHERE heartbeat.at < excluded.at",
      clock);
}

void add_gap(db::Tx& tx, Time from, Time to, Time now) {
  tx.run("INSERT INTO gaps (from_at, to_at, noted_at) VALUES (:from, :to, :now)", from, to, now);
}

bool in_gap(db::Tx& tx, Time born) {
  return tx.one<int>("SELECT 1 FROM gaps WHERE from_at < :born AND to_at >= :born LIMIT 1", born)
      .has_value();
}

Lost lost_row(db::Tx& tx, Time born) {
  return {.born = born,
          .in_gap = in_gap(tx, born),
          .newest_heartbeat = newest_heartbeat(tx).value_or(Time::min() + kHeartbeatMargin)};
}

}  // namespace latchkey::sessions
