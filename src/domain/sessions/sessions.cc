#include "domain/sessions/sessions.h"

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <span>

#include "domain/sessions/session_rows.h"
#include "domain/sessions/user_agents.h"

namespace latchkey::sessions {
namespace {

constexpr Duration kKeyReloadInterval = std::chrono::seconds{5};
// Between two looks whether a probe has ended.
constexpr std::chrono::milliseconds kProbePause{5};

}  // namespace

Sessions::Sessions(Parts parts)
    : db_(parts.ground.db),
      clock_(parts.ground.clock),
      events_(parts.ground.events),
      policy_(parts.policy),
      key_file_(std::move(parts.key_file)),
      log_(parts.ground.log),
      reuses_(parts.ground.metrics.counter(
          "latchkey_refresh_token_reuses_total",
          "Sessions softly ended because an old refresh token was used again.")),
      refreshes_(parts.ground.metrics.counter("latchkey_refreshes_total", "Refresh tokens shown.",
                                              {{"outcome", "answered"}})),
      refused_refreshes_(parts.ground.metrics.counter(
          "latchkey_refreshes_total", "Refresh tokens shown.", {{"outcome", "refused"}})),
      ids_(parts.ground.ids),
      // When a session was last used, on whichever node, only its row knows.
      refresh_memory_(policy_.maximum_idle ? 0 : policy_.cache_entries / 2),
      activity_(parts.workers),
      keys_(std::move(parts.keys)),
      enlisted_keys_(keys_) {
  const std::size_t share = policy_.cache_entries / parts.workers;
  for (std::size_t i = 0; i < parts.workers; ++i) {
    workers_.push_back(std::make_unique<Worker>(TokenCodec(keys_), ring_.load(),
                                                TokenCache(changes_, share), Flights()));
  }
}

Sessions::~Sessions() = default;

Sessions::Worker& Sessions::worker(std::size_t index) {
  Worker& worker = *workers_[index];
  const std::uint64_t newest = ring_.load(std::memory_order_acquire);
  if (worker.ring != newest) {
    const std::scoped_lock lock(keys_mutex_);
    worker.codec = TokenCodec(keys_);
    worker.ring = newest;
  }
  return worker;
}

void Sessions::use_keys(std::shared_ptr<const keys::KeyRing> keys) {
  const std::scoped_lock one_at_a_time(taking_keys_);
  {
    const std::scoped_lock lock(keys_mutex_);
    // Read before another was made, and late: each rotation and replacement adds a key.
    if (keys->current().id < keys_->current().id) return;
    enlisted_keys_ = keys;
  }
  // Once more, though whoever made the ring has done so: a standby that lacks that may have taken
  // over since, and the connection to it been made before it could be told of this ring.
  try {
    db_.write_now([&](db::Tx& tx) { keys::enlist(tx, *keys, clock_.now()); });
  } catch (...) {
    keys_announced_ = true;  // to be tried again
    throw;
  }
  {
    const std::scoped_lock lock(keys_mutex_);
    keys_ = std::move(keys);
  }
  ring_.fetch_add(1, std::memory_order_release);
  changes_.everything_changed();
}

std::shared_ptr<const keys::KeyRing> Sessions::keys() const {
  const std::scoped_lock lock(keys_mutex_);
  return keys_;
}

// Reads the key file again. While it lacks a key that the database lists the answer is 503, for a
// 401 would wipe keys.
void Sessions::reload_keys() {
  const Time now = clock_.now();
  const Time last = from_millis(keys_reloaded_at_.exchange(to_millis(now)));
  if (last <= now && now - last < kKeyReloadInterval) return;
  auto keys = keys::open_keys(db_, key_file_, now);
  if (!keys) throw db::Unavailable(keys.error());
  use_keys(std::move(*keys));
}

// Not in the request that found its turn: that one waits no longer than the others.
Task<void> Sessions::probe() {
  try {
    co_await db_.read([](db::Tx& tx) { return tx.one<int>("SELECT 1").has_value(); });
    reach_.answered(Reach::Clock::now());
  } catch (const std::exception&) {
    reach_.failed(Reach::Clock::now());
  }
}

Task<void> Sessions::require_in_touch() {
  namespace asio = boost::asio;
  while (!hears_other_nodes() || database_is_away()) {
    const Reach::Turn turn = reach_.turn(Reach::Clock::now());
    if (turn == Reach::Turn::ask) co_return;
    if (turn == Reach::Turn::refuse) {
      throw db::Unavailable("the database does not answer quickly");
    }
    const Executor executor = co_await asio::this_coro::executor;
    if (turn == Reach::Turn::probe) asio::co_spawn(executor, probe(), asio::detached);
    asio::basic_waitable_timer<Reach::Clock, asio::wait_traits<Reach::Clock>, Executor> pause(
        executor, kProbePause);
    co_await pause.async_wait(asio::use_awaitable_t<Executor>());
  }
}

Task<void> Sessions::require_ready() {
  co_await require_in_touch();
  co_await db_.read([](db::Tx& tx) { return tx.one<int>("SELECT 1").has_value(); });
}

void Sessions::may_have_missed() {
  changes_.everything_changed();
  keys_announced_ = true;
}

void Sessions::hear(std::string_view payload) {
  if (payload == keys::kKeysChanged) {
    keys_announced_ = true;
  } else {
    announcer_.hear(payload);
  }
}

void Sessions::take_announced_keys() {
  if (!keys_announced_.exchange(false)) return;
  try {
    if (auto keys = keys::open_keys(db_, key_file_, clock_.now())) {
      use_keys(std::move(*keys));
    } else {
      log_.error("another node has changed the server keys: copy its key file here",
                 {{"fault", keys.error()}});
    }
  } catch (...) {
    keys_announced_ = true;  // to be tried again
    throw;
  }
}

TokenPair Sessions::tokens_of(std::size_t index, const Record& record) {
  TokenCodec& codec = worker(index).codec;
  TokenPair pair;
  pair.access_token = codec.mint(Kind::access, record.id, record.issued, record.nonce);
  if (record.refreshes) {
    pair.refresh_token = codec.mint(Kind::refresh, record.id, record.issued, record.nonce);
  }
  if (const Limit lifetime = access_lifetime(record, policy_)) {
    pair.expires_in = std::max(Duration{0}, record.issued_at + *lifetime - clock_.now());
  }
  if (record.grant) pair.scope = record.grant->scope;
  return pair;
}

Question Sessions::question(const Session& session, Generation generation, Time now) const {
  return {.record = session.record,
          .account = session.account,
          .generation = generation,
          .now = now,
          .policy = policy_,
          .slack = Duration{0}};
}

std::optional<Standing> Sessions::over(const Session& session) const {
  return judge_session(question(session, session.record.issued, clock_.now()));
}

Standing Sessions::standing_of(const Session& session) const {
  return judge_life(question(session, session.record.issued, clock_.now()));
}

std::optional<Time> Sessions::note_gap(db::Tx& tx) {
  // What a probe found while it was away need not be believed any longer.
  tx.after_commit([this] { reach_.connected(Reach::Clock::now()); });
  const Time clock = ids_.clock(clock_.now());
  ids_.raise(clock);
  const auto held = [this] {
    const std::scoped_lock lock(keys_mutex_);
    return enlisted_keys_;
  }();
  keys::enlist(tx, *held, clock);
  const auto found = note_gap_and_beat(tx, clock);  // last: its row is one for all nodes
  if (found) ids_.raise(*found);
  return found;
}

void Sessions::reconnected(db::Tx& tx) {
  note_gap(tx);
  tx.after_commit([this] { reconnected_at_ = Reach::Clock::now(); });
}

void Sessions::heartbeat() {
  // A session from before the newest heartbeat would look purged, not lost, were its row lost:
  // ids follow the heartbeat, this node's and the others', when the clock is set back.
  ids_.raise(db_.write_now([&](db::Tx& tx) { return beat(tx, ids_.clock(clock_.now())); }));
}

// Looks for a batch beside the writer, and removes it.
template <class Id>
void Sessions::in_batches(const Batches& batches, Time before, auto look, auto remove) {
  std::optional<Id> after;
  while (batches.go_on()) {
    const auto found =
        db_.read_now([&](db::Tx& tx) { return look(tx, before, after, Batches::kSize); });
    if (found.empty()) return;
    after = found.back();
    batches.count(db_.write_now([&](db::Tx& tx) { return remove(tx, std::span(found)); }));
  }
}

void Sessions::purge(const Batches& batches) {
  // A clock that jumped becomes a gap before anything counts as old by it.
  heartbeat();
  const Time before = clock_.now() - policy_.remember_ended;
  in_batches<DeviceKey>(batches, before, devices_to_purge, purge_devices);
  in_batches<SessionId>(batches, before, sessions_to_purge, purge_sessions);
  purge_user_agents(db_, batches, clock_.now(), kWalkedAtOnce);
}

}  // namespace latchkey::sessions
