#include "domain/sessions/model_server_testing.h"

#include <algorithm>
#include <utility>

#include "domain/sessions/samples_testing.h"

namespace latchkey::sessions::testing {

ModelServer::ModelServer(Policy policy, std::size_t nodes, Time start)
    : true_time(start), policy_(std::move(policy)), nodes_(nodes) {
  db_.account = sample_account();
  this->start();
}

void ModelServer::Node::forget(SessionId id) {
  std::erase_if(cache, [id](const auto& entry) { return entry.first.first == id; });
}

const Record* ModelServer::row(SessionId id) const {
  const auto found = db_.rows.find(id);
  return found == db_.rows.end() ? nullptr : &found->second;
}

Question ModelServer::question(const Record& record, Generation generation) const {
  return {.record = record,
          .account = db_.account,
          .generation = generation,
          .now = now(),
          .policy = policy_,
          .slack = Duration{0}};
}

std::optional<Record> ModelServer::read(const Node& node, SessionId id) const {
  const Record* found = row(id);
  if (found == nullptr) return std::nullopt;
  Record record = *found;
  node.promotions->apply(record);
  return record;
}

// --- heartbeats, gaps, lost rows ---

void ModelServer::add_gap(Time from, Time to) { db_.gaps.push_back({from, to}); }

bool ModelServer::in_gap(Time born) const {
  return std::ranges::any_of(db_.gaps, [born](const ModelDatabase::Gap& gap) {
    return gap.from < born && born <= gap.to;
  });
}

void ModelServer::note_gap() {
  const Time clock = std::max(ids_->clock(now()), db_.heartbeat.value_or(Time::min()));
  if (db_.heartbeat) add_gap(*db_.heartbeat - kHeartbeatMargin, clock + kHeartbeatMargin);
  db_.heartbeat = clock;
  ids_->raise(clock);
  last_beat_ = true_time;
}

void ModelServer::beat() {
  const Time clock = ids_->clock(now());
  const bool silent = db_.heartbeat && clock - *db_.heartbeat > 3 * kHeartbeatMargin;
  if (silent) add_gap(*db_.heartbeat - kHeartbeatMargin, clock + kHeartbeatMargin);
  db_.heartbeat = std::max(db_.heartbeat.value_or(clock), clock);
  ids_->raise(*db_.heartbeat);
  last_beat_ = true_time;
}

Standing ModelServer::judge_absence(SessionId id) const {
  const Time born = IdSource::born(id);
  return judge_lost(
      {.born = born, .in_gap = in_gap(born), .newest_heartbeat = db_.heartbeat.value()});
}

Standing ModelServer::lost(SessionId id) {
  const Time born = IdSource::born(id);
  const Standing standing = judge_absence(id);
  if (standing.reason == Reason::lost && born > ids_->clock(now()) && !in_gap(born)) {
    add_gap(born - kHeartbeatMargin, born + kHeartbeatMargin);
  }
  return standing;
}

void ModelServer::keep_house() {
  for (Node& node : nodes_) write_first_uses(node);
  if (true_time - last_beat_ >= kHeartbeatMargin) beat();
}

void ModelServer::write_first_uses(Node& node) {
  for (const auto& [id, use] : node.noted) {
    const auto& [generation, at] = use;
    const auto found = db_.rows.find(id);
    if (found == db_.rows.end()) continue;
    Record& record = found->second;
    if (record.issued != generation || record.seen >= record.issued) continue;
    record.promote(generation, at);
    for (Node& other : nodes_) other.forget(id);
  }
  node.noted.clear();
  node.promotions = std::make_unique<Promotions>();
}

// --- requests ---

void ModelServer::note_use(Node& node, const Record& record, Generation generation) {
  if (generation != record.issued || record.seen >= generation) return;
  node.promotions->note(record.id, generation, now());
  node.noted.try_emplace(record.id, generation, now());
  node.forget(record.id);
}

Standing ModelServer::access(std::size_t which, SessionId id, Generation generation) {
  Node& node = nodes_[which % nodes_.size()];
  const auto hit = node.cache.find({id, generation});
  if (hit != node.cache.end()) {
    const auto& [until, judged_at] = hit->second;
    if ((!until || now() < *until) && now() >= judged_at - kClockSkew) {
      return {Worth::active, Reason::good, until};
    }
    node.cache.erase(hit);
  }
  const auto record = read(node, id);
  if (!record) return lost(id);
  const Standing standing = judge(question(*record, generation));
  if (standing.active()) {
    const bool first = generation == record->issued && record->seen < generation;
    note_use(node, *record, generation);
    // A ticket from before its own promotion is stale.
    if (!first) node.cache[{id, generation}] = {standing.until, now()};
  } else if (standing.reason == Reason::from_before_a_restore) {
    db_.rows[id] = moved_forward(*record, generation, policy_, now());
    for (Node& other : nodes_) other.forget(id);
  }
  return standing;
}

ModelServer::Answer ModelServer::refresh(std::size_t which, SessionId id, Generation generation) {
  Node& node = nodes_[which % nodes_.size()];
  const auto record = read(node, id);
  if (!record) return {lost(id)};
  const RefreshDecision decision = decide_refresh(question(*record, generation));
  if (decision.changed) {
    db_.rows[id] = decision.after;
    // An end reaches every cache before the answer, a rotation only those of this node.
    if (decision.after.ended != Ended::live) forget_caches();
    node.forget(id);
  }
  if (decision.step == RefreshStep::refuse) return {decision.refusal};
  return {{Worth::active, Reason::good, {}}, decision.after.issued};
}

std::optional<SessionId> ModelServer::login(DeviceKey device) {
  if (locked()) return std::nullopt;
  for (auto& [id, record] : db_.rows) {
    if (record.device == device) end(record, Ended::softly, EndReason::taken_over);
  }
  Record record;
  record.user = db_.account.id;
  record.device = device;
  record.refreshes = true;
  record.created_at = record.last_active_at = now();
  record.seen_at = record.previous_issued_at = record.seen_issued_at = record.issued_at = now();
  do {
    record.id = ids_->next<SessionId>(now());
  } while (!db_.rows.emplace(record.id, record).second);
  return record.id;
}

bool ModelServer::logout(std::size_t which, SessionId id, Generation generation) {
  const auto record = read(nodes_[which % nodes_.size()], id);
  if (!record || record->ended == Ended::for_good) return false;
  const bool current = generation >= record->seen;
  if (!current && !judge(question(*record, generation)).active()) return false;
  end_device(*record->device);
  return true;
}

// --- ends ---

void ModelServer::end(Record& record, Ended how, EndReason why) {
  if (record.ended >= how) return;
  record.ended = how;
  record.end_reason = why;
  record.ended_at = now();
  for (Node& node : nodes_) node.forget(record.id);
}

void ModelServer::end_device(DeviceKey device) {
  for (auto& [id, record] : db_.rows) {
    if (record.device == device) end(record, Ended::for_good, EndReason::logout);
  }
}

void ModelServer::end_all_softly() {
  for (auto& [id, record] : db_.rows) {
    end(record, Ended::softly, EndReason::administrator_softly);
  }
}

void ModelServer::lock(bool locked) {
  db_.account.locked_at = locked ? std::optional(now()) : std::nullopt;
  forget_caches();
}

void ModelServer::purge() {
  beat();  // so that a clock that jumped is noted before anything counts as old
  std::erase_if(db_.rows, [this](const auto& entry) {
    const Record& record = entry.second;
    return record.ended == Ended::for_good && *record.ended_at < now() - policy_.remember_ended &&
           judge_absence(record.id).reason == Reason::purged;
  });
}

// --- faults ---

void ModelServer::forget_caches() {
  for (Node& node : nodes_) node.cache.clear();
}

ModelServer::Forgotten ModelServer::start() {
  Forgotten forgotten;
  for (Node& node : nodes_) {
    for (const auto& [id, use] : node.noted) forgotten.emplace_back(id, use.first);
    node = Node();
  }
  ids_ = std::make_unique<IdSource>();
  note_gap();
  return forgotten;
}

ModelServer::Forgotten ModelServer::crash() { return start(); }

void ModelServer::restart() {
  for (Node& node : nodes_) write_first_uses(node);
  beat();
  start();
}

ModelServer::Forgotten ModelServer::restore(const ModelDatabase& backup) {
  db_ = backup;
  return start();
}

void ModelServer::fail_over(const ModelDatabase& standby) {
  db_ = standby;
  forget_caches();
  note_gap();
}

}  // namespace latchkey::sessions::testing
