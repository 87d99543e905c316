#include "domain/sessions/lost_rows.h"

#include <algorithm>

namespace latchkey::sessions {
namespace {

std::optional<Time> newest_heartbeat(db::Tx& tx) {
  const auto row = tx.one<Time>("SELECT at FROM heartbeat WHERE id = 1");
  return row ? std::optional(std::get<0>(*row)) : std::nullopt;
}

void write_heartbeat(db::Tx& tx, Time clock) {
  tx.run(
      "INSERT INTO heartbeat (id, at) VALUES (1, :at)"
      " ON CONFLICT (id) DO UPDATE SET at = excluded.at WHERE heartbeat.at < excluded.at",
      clock);
}

// More missed beats than load explains: the whole machine was stopped, or set back and on again.
constexpr Duration kLongestSilence = 3 * kHeartbeatMargin;

// Where the gap of a first start begins. No other one grows it or is taken for a part of it, so
// that it says no more than that.
constexpr Time kNewDatabase{};

// Whether there may be tokens from before a database that nobody has served: their keys are files.
bool keys_are_older(db::Tx& tx, Time clock) {
  const auto row = tx.one<std::optional<Time>>("SELECT MIN(created_at) FROM server_keys");
  const auto oldest = row ? std::get<0>(*row) : std::nullopt;
  return !oldest || *oldest < clock - kHeartbeatMargin;
}

}  // namespace

std::optional<Time> note_gap_and_beat(db::Tx& tx, Time clock) {
  const auto found = newest_heartbeat(tx);
  if (found) {
    // A clock behind the heartbeat would make the gap end before it begins.
    clock = std::max(clock, *found);
    add_gap(tx, *found - kHeartbeatMargin, clock + kHeartbeatMargin, clock);
  } else {
    // It may stand in the place of one that is lost, or be a copy from before the first start. A
    // session of that one may have begun by another node's clock, which is ahead.
    const Time to = keys_are_older(tx, clock) ? clock + kHeartbeatMargin : clock;
    add_gap(tx, kNewDatabase, to, clock);
  }
  write_heartbeat(tx, clock);
  return found;
}

Time beat(db::Tx& tx, Time clock) {
  const auto found = newest_heartbeat(tx);
  if (found && clock - *found > kLongestSilence) {
    add_gap(tx, *found - kHeartbeatMargin, clock + kHeartbeatMargin, clock);
  }
  write_heartbeat(tx, clock);
  return std::max(clock, found.value_or(clock));
}

void add_gap(db::Tx& tx, Time from, Time to, Time now) {
  const bool grown =
      tx.run(
          "UPDATE gaps SET to_at = :to WHERE from_at <= :from AND to_at >= :from AND to_at < :to"
          " AND from_at > :new_database",
          to, from, kNewDatabase) > 0;
  const bool covered = grown || tx.one<int>(
                                      "SELECT 1 FROM gaps WHERE from_at <= :from AND to_at >= :to"
                                      " AND from_at > :new_database LIMIT 1",
                                      from, to, kNewDatabase)
                                    .has_value();
  if (covered) return;
  tx.run("INSERT INTO gaps (from_at, to_at, noted_at) VALUES (:from, :to, :now)", from, to, now);
}

bool in_gap(db::Tx& tx, Time born) {
  return tx.one<int>("SELECT 1 FROM gaps WHERE from_at < :born AND to_at >= :born LIMIT 1", born)
      .has_value();
}

bool may_be_older(db::Tx& tx) {
  return tx.one<int>("SELECT 1 FROM gaps WHERE from_at > :new_database LIMIT 1", kNewDatabase)
      .has_value();
}

std::vector<Gap> list_gaps(db::Tx& tx) {
  std::vector<Gap> gaps;
  tx.each<Time, Time>("SELECT from_at, to_at FROM gaps ORDER BY from_at",
                      [&](Time from, Time to) { gaps.push_back({from, to}); });
  return gaps;
}

Lost lost_row(db::Tx& tx, Time born) {
  return {.born = born,
          .in_gap = in_gap(tx, born),
          .newest_heartbeat = newest_heartbeat(tx).value_or(Time::min() + kHeartbeatMargin)};
}

}  // namespace latchkey::sessions
