#include "domain/sessions/user_agents.h"

#include <algorithm>
#include <span>
#include <unordered_set>
#include <vector>

#include "platform/crypto/hash.h"
#include "platform/text/utf8.h"

namespace latchkey::sessions {
namespace {

constexpr std::size_t kLongestUserAgent = 255;
// Longer than kUserAgentNotedEvery: what a session has named since a walk began was noted since.
constexpr Duration kUserAgentsKept = std::chrono::hours{2};

constexpr std::int64_t kNewestSessions = 10'000;

struct Walk {
  Time began;
  SessionId reached{};
};

Walk walk_under_way(db::Tx& tx, Time now) {
  const auto row =
      tx.one<Time, SessionId>("SELECT began_at, reached FROM user_agents_walk WHERE id = 1");
  if (!row) return {.began = now};
  const auto [began, reached] = *row;
  return {.began = began, .reached = reached};
}

void note_walk(db::Tx& tx, const Walk& walk) {
  tx.run(
      "INSERT INTO user_agents_walk (id, began_at, reached) VALUES (1, :began, :reached)"
      " ON CONFLICT (id) DO UPDATE SET began_at = excluded.began_at, reached = excluded.reached",
      walk.began, walk.reached);
}

// What the next sessions after `reached` name, moving it along. Returns how many they were.
std::int64_t look(db::Tx& tx, std::int64_t most, SessionId& reached,
                  std::unordered_set<std::int64_t>& named) {
  std::int64_t seen = 0;
  tx.each<SessionId, std::optional<std::int64_t>>(
      "SELECT id, user_agent FROM sessions WHERE id > :reached ORDER BY id LIMIT :limit",
      [&](SessionId id, std::optional<std::int64_t> agent) {
        reached = id;
        if (agent) named.insert(*agent);
        ++seen;
      },
      reached, most);
  return seen;
}

// Calls act(tx, part) for parts of them, each in a transaction of its own that others need not wait
// for long. How many rows these say that they have changed.
std::int64_t in_parts(db::Database& db, const Batches& batches, std::span<const std::int64_t> keys,
                      auto act) {
  std::int64_t changed = 0;
  while (!keys.empty() && batches.go_on()) {
    const auto part = keys.first(std::min<std::size_t>(Batches::kSize, keys.size()));
    changed += db.write_now([&](db::Tx& tx) { return act(tx, part); });
    keys = keys.subspan(part.size());
  }
  return changed;
}

}  // namespace

std::optional<UserAgent> user_agent_of(std::string_view text) {
  if (text.empty() || !text::valid_utf8(text)) return std::nullopt;
  const std::string_view kept = text::truncate_utf8(text, kLongestUserAgent);
  const auto digest = crypto::sha256(kept);
  std::uint64_t id = 0;
  for (int i = 0; i < 8; ++i) id = (id << 8) | digest[static_cast<std::size_t>(i)];
  return UserAgent{static_cast<std::int64_t>(id >> 1), kept};
}

std::optional<std::int64_t> keep_user_agent(db::Tx& tx, std::string_view text, Time now) {
  const auto agent = user_agent_of(text);
  if (!agent) return std::nullopt;
  // Not ON CONFLICT DO UPDATE, which locks the row also where it updates nothing: all who sign in
  // with one app would wait for each other's commits. In this order: a row that is old enough to be
  // purged is this transaction's from here on, or gone.
  tx.later("UPDATE user_agents SET used_at = :now WHERE id = :id AND used_at <= :before", now,
           agent->key, now - kUserAgentNotedEvery);
  tx.later(
      "INSERT INTO user_agents (id, text, used_at) VALUES (:id, :text, :now)"
      " ON CONFLICT (id) DO NOTHING",
      agent->key, agent->text, now);
  return agent->key;
}

void delete_user_agents_named_by(db::Tx& tx, UserId user) {
  tx.run(
      "DELETE FROM user_agents WHERE id IN (SELECT user_agent FROM sessions WHERE device IN"
      " (SELECT id FROM devices WHERE user_id = :user AND deleted_at IS NOT NULL) AND ended = 2"
      " UNION SELECT user_agent FROM sessions WHERE user_id = :user AND device IS NULL)"
      " AND id NOT IN (SELECT user_agent FROM"
      " (SELECT user_agent, user_id FROM sessions ORDER BY id DESC LIMIT :most) AS newest"
      " WHERE user_agent IS NOT NULL AND user_id <> :user)",
      user, kNewestSessions);
}

void purge_user_agents(db::Database& db, const Batches& batches, Time now, std::int64_t most) {
  Walk walk = db.read_now([&](db::Tx& tx) { return walk_under_way(tx, now); });
  // By a clock that was set back meanwhile what is named now was noted before the walk began.
  const Time before = std::min(walk.began, now) - kUserAgentsKept;
  std::unordered_set<std::int64_t> named;
  bool ended = false;
  for (std::int64_t seen = 0; !ended && seen < most && batches.go_on();) {
    const std::int64_t part = std::min(Batches::kSize, most - seen);
    const auto found = db.read_now([&](db::Tx& tx) { return look(tx, part, walk.reached, named); });
    seen += found;
    ended = found < part;
  }
  const std::vector<std::int64_t> kept(named.begin(), named.end());
  in_parts(db, batches, kept, [&](db::Tx& tx, std::span<const std::int64_t> part) {
    std::int64_t noted = 0;
    for (const std::int64_t key : part) {
      noted +=
          tx.run("UPDATE user_agents SET used_at = :began WHERE id = :id AND used_at <= :before",
                 walk.began, key, before);
    }
    return noted;
  });
  if (!batches.go_on()) return;  // some may not be noted: the same sessions once more
  if (!ended) return db.write_now([&](db::Tx& tx) { note_walk(tx, walk); });
  db.write_now([](db::Tx& tx) { tx.run("DELETE FROM user_agents_walk"); });
  const auto unused = db.read_now([&](db::Tx& tx) {
    std::vector<std::int64_t> keys;
    tx.each<std::int64_t>(
        "SELECT id FROM user_agents WHERE used_at <= :before",
        [&](std::int64_t key) { keys.push_back(key); }, before);
    return keys;
  });
  const auto remove = [&](db::Tx& tx, std::span<const std::int64_t> part) {
    std::int64_t removed = 0;
    for (const std::int64_t key : part) {
      removed +=
          tx.run("DELETE FROM user_agents WHERE id = :id AND used_at <= :before", key, before);
    }
    return removed;
  };
  batches.count(in_parts(db, batches, unused, remove));
}

}  // namespace latchkey::sessions
