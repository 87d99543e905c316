#include "domain/outbox/outbox_rows.h"

#include <algorithm>
#include <iterator>

#include "domain/outbox/retry.h"
#include "platform/crypto/random.h"

namespace latchkey::outbox {
namespace {

constexpr std::int64_t kMostWatched = 1'000;

// Absent: the lane has no items, which nothing here leaves behind; it goes.
std::optional<Work> first_of(db::Tx& tx, HeldLane held) {
  const Lane& lane = held.lane;
  auto row = tx.one<std::int64_t, std::string, std::string, Time>(
      "SELECT id, kind, payload, created_at FROM outbox WHERE consumer = :consumer"
      " AND destination = :destination AND user_id = :user ORDER BY id LIMIT 1",
      lane.consumer, lane.destination, lane.user);
  if (!row) {
    tx.run(
        "DELETE FROM outbox_lanes WHERE consumer = :consumer AND destination = :destination"
        " AND user_id = :user",
        lane.consumer, lane.destination, lane.user);
    return std::nullopt;
  }
  auto& [id, kind, payload, created_at] = *row;
  Item item{id, lane.destination, lane.user, std::move(kind), std::move(payload), created_at};
  return Work{std::move(held), std::move(item)};
}

// Two texts, so that each has its partial index.
std::string_view due_lane(Attempts which) {
  return which == Attempts::first
             ? "SELECT destination, user_id, failures FROM outbox_lanes WHERE consumer = :consumer"
               " AND claim IS NULL AND failures = 0 AND due_at BETWEEN :from AND :to"
               " ORDER BY due_at LIMIT 1"
             : "SELECT destination, user_id, failures FROM outbox_lanes WHERE consumer = :consumer"
               " AND claim IS NULL AND failures > 0 AND due_at BETWEEN :from AND :to"
               " ORDER BY due_at LIMIT 1";
}

using DueLane = std::tuple<std::string, UserId, int>;

std::optional<DueLane> find_due(db::Tx& tx, const std::string& sql, std::string_view consumer,
                                Time now) {
  const auto find = [&](Time from, Time to) {
    return tx.one<std::string, UserId, int>(sql, consumer, from, to);
  };
  if (auto found = find(Time{}, now)) return found;
  // No delay reaches so far: the clock has been set back since.
  return find(now + kLongestDelay + Duration{1}, Time::max());
}

// Whether the lane was held so; it is held as `next` now.
bool claim_anew(db::Tx& tx, const HeldLane& held, const HeldLane& next) {
  return tx.run(
             "UPDATE outbox_lanes SET claim = :next, failures = :failures"
             " WHERE consumer = :consumer AND destination = :destination AND user_id = :user"
             " AND claim = :claim",
             next.claim, next.attempts, held.lane.consumer, held.lane.destination, held.lane.user,
             held.claim) == 1;
}

// Lets go of a held lane; whether it was held so.
bool leave(db::Tx& tx, const HeldLane& held, int failures, Time due_at) {
  return tx.run(
             "UPDATE outbox_lanes SET claim = NULL, failures = :failures, due_at = :due"
             " WHERE consumer = :consumer AND destination = :destination AND user_id = :user"
             " AND claim = :claim",
             failures, due_at, held.lane.consumer, held.lane.destination, held.lane.user,
             held.claim) == 1;
}

}  // namespace

Claim new_claim() { return static_cast<Claim>(crypto::random_uint64() >> 1); }

void add_item(db::Tx& tx, const NewItem& item, Time now) {
  // The update changes nothing: it is there for the lock.
  tx.run(
      "INSERT INTO outbox_lanes (consumer, destination, user_id, due_at)"
      " VALUES (:consumer, :destination, :user, :now)"
      " ON CONFLICT (consumer, destination, user_id) DO UPDATE SET due_at = outbox_lanes.due_at",
      item.consumer, item.destination, item.user, now);
  if (item.replaces) {
    tx.run(
        "DELETE FROM outbox WHERE consumer = :consumer AND destination = :destination"
        " AND user_id = :user AND kind = :kind AND payload = :payload"
        " AND id > (SELECT MIN(id) FROM outbox WHERE consumer = :lane_consumer"
        " AND destination = :lane_destination AND user_id = :lane_user)",
        item.consumer, item.destination, item.user, item.kind, item.payload, item.consumer,
        item.destination, item.user);
  }
  tx.run(
      "INSERT INTO outbox (consumer, destination, user_id, kind, payload, created_at)"
      " VALUES (:consumer, :destination, :user, :kind, :payload, :now)",
      item.consumer, item.destination, item.user, item.kind, item.payload, now);
}

bool is_due(db::Tx& tx, std::string_view consumer, Attempts which, Time now) {
  return find_due(tx, std::string(due_lane(which)), consumer, now).has_value();
}

std::optional<Work> claim_due(db::Tx& tx, std::string_view consumer, Attempts which, Time now) {
  std::string sql(due_lane(which));
  sql += tx.for_update_skip_locked();
  auto found = find_due(tx, sql, consumer, now);
  if (!found) return std::nullopt;
  auto& [destination, user, failures] = *found;
  HeldLane held{{std::string(consumer), std::move(destination), user}, new_claim(), failures + 1};
  tx.run(
      "UPDATE outbox_lanes SET claim = :claim, failures = :attempts WHERE consumer = :consumer"
      " AND destination = :destination AND user_id = :user",
      held.claim, held.attempts, held.lane.consumer, held.lane.destination, held.lane.user);
  return first_of(tx, std::move(held));
}

std::vector<HeldLane> held_lanes(db::Tx& tx, std::string_view consumer) {
  std::vector<HeldLane> held;
  tx.each<std::string, UserId, Claim, int>(
      "SELECT destination, user_id, claim, failures FROM outbox_lanes WHERE consumer = :consumer"
      " AND claim IS NOT NULL LIMIT :most",
      [&](std::string& destination, UserId user, Claim claim, int attempts) {
        held.push_back({{std::string(consumer), std::move(destination), user}, claim, attempts});
      },
      consumer, kMostWatched);
  return held;
}

std::vector<HeldLane> all_held_lanes(db::Tx& tx) {
  std::vector<HeldLane> held;
  for (const std::string& consumer : consumers_with_items(tx)) {
    std::ranges::move(held_lanes(tx, consumer), std::back_inserter(held));
  }
  return held;
}

std::optional<Work> settle(db::Tx& tx, const Work& done, Then then, Time now) {
  HeldLane held{done.held.lane, new_claim(), 1};
  if (!claim_anew(tx, done.held, held)) return std::nullopt;
  tx.run("DELETE FROM outbox WHERE id = :id", done.item.id);
  auto next = first_of(tx, std::move(held));
  if (!next || then == Then::go_on) return next;
  leave(tx, next->held, 0, now);
  return std::nullopt;
}

bool put_off(db::Tx& tx, const HeldLane& failed, Time due_at) {
  return leave(tx, failed, failed.attempts, due_at);
}

void release(db::Tx& tx, const HeldLane& held) {
  tx.run(
      "UPDATE outbox_lanes SET claim = NULL, failures = :failures WHERE consumer = :consumer"
      " AND destination = :destination AND user_id = :user AND claim = :claim",
      held.attempts - 1, held.lane.consumer, held.lane.destination, held.lane.user, held.claim);
}

Backlog measure(db::Tx& tx, std::string_view consumer) {
  Backlog backlog;
  backlog.pending = std::get<0>(
      tx.one<std::int64_t>("SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE consumer = :consumer"
                           " LIMIT :most) AS counted",
                           consumer, kMostCounted)
          .value());
  const auto oldest = tx.one<Time>(
      "SELECT created_at FROM outbox WHERE consumer = :consumer ORDER BY id LIMIT 1", consumer);
  if (oldest) backlog.oldest = std::get<0>(*oldest);
  return backlog;
}

std::vector<std::string> consumers_with_items(db::Tx& tx) {
  // One step of the index for each.
  std::vector<std::string> found;
  std::string last;
  while (auto row = tx.one<std::string>("SELECT consumer FROM outbox_lanes WHERE consumer > :last"
                                        " ORDER BY consumer LIMIT 1",
                                        last)) {
    last = std::get<0>(*row);
    found.push_back(last);
  }
  return found;
}

std::map<std::string, Backlog> backlogs(db::Tx& tx) {
  std::map<std::string, Backlog> found;
  for (const std::string& consumer : consumers_with_items(tx)) {
    found.emplace(consumer, measure(tx, consumer));
  }
  return found;
}

}  // namespace latchkey::outbox
