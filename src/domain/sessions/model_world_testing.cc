#include "domain/sessions/model_world_testing.h"

#include <array>
#include <ostream>

#include "domain/sessions/samples_testing.h"

namespace latchkey::sessions::testing {
namespace {

constexpr std::array kNames{"go",
                            "wait",
                            "refresh",
                            "kill",
                            "duplicate",
                            "deliver",
                            "log_out",
                            "log_out_everywhere",
                            "end_softly",
                            "lock",
                            "unlock",
                            "crash",
                            "restart",
                            "sync",
                            "back_up",
                            "restore",
                            "fail_over",
                            "set_clock",
                            "purge",
                            "steal",
                            "thief_refreshes",
                            "thief_reads"};
static_assert(kNames.size() == static_cast<std::size_t>(Op::thief_reads) + 1);

bool soft(const Standing& standing) { return standing.worth == Worth::soft; }

// What a client takes for a hard logout: a 401 without "soft_logout": true.
bool hard(const Standing& standing) {
  return standing.worth == Worth::ended || standing.worth == Worth::unknown;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Step& step) {
  out << kNames[static_cast<std::size_t>(step.op)];
  const bool tab = step.op == Op::go || step.op == Op::refresh || step.op == Op::kill ||
                   step.op == Op::duplicate || step.op == Op::log_out || step.op == Op::steal;
  if (tab) out << " T" << step.tab;
  if (step.op == Op::restore || step.op == Op::fail_over) out << " #" << step.tab;
  if (step.node != 0) out << " @n" << step.node;
  if (step.loss != Loss::nothing) out << (step.loss == Loss::request ? " !request" : " !reply");
  if (!step.stored) out << " !unsaved";
  if (step.op == Op::wait || step.op == Op::set_clock) out << " " << step.span.count() << "ms";
  return out;
}

World::World(const Setting& setting)
    : setting_(setting), server_(setting.policy, setting.nodes, kNoon), tabs_(setting.tabs) {
  sign_in(tabs_[0], {});
  for (std::size_t i = 1; i < tabs_.size(); ++i) start_from_store(tabs_[i]);
}

void World::break_promise(std::string what) { broken_.push_back(std::move(what)); }

// --- the client ---

void World::go(Tab& tab, const Step& step) {
  switch (tab.state) {
    case State::gone:
      return sign_in_anew(tab, step);
    case State::must_sign_in:
      return sign_in(tab, step);
    case State::must_refresh:
      return refresh(tab, step);
    case State::signed_in:
      return use(tab, step);
  }
}

void World::use(Tab& tab, const Step& step) {
  if (step.loss == Loss::request) return;
  const Standing standing = read(step.node, *tab.tokens);
  if (step.loss == Loss::reply) return;
  if (soft(standing)) tab.state = State::must_refresh;
  if (hard(standing)) wipe(tab, standing.reason);
}

void World::refresh(Tab& tab, const Step& step) {
  if (!tab.tokens || step.loss == Loss::request) return;
  const auto answer = ask_refresh(step.node, *tab.tokens);
  if (step.loss == Loss::reply) return;
  if (answer.standing.active()) {
    tab.tokens->second = answer.generation;
    tab.state = State::signed_in;
    if (step.stored) store_ = tab.tokens;
  } else if (soft(answer.standing)) {
    tab.state = State::must_sign_in;
    ++soft_sign_ins_;
  } else if (hard(answer.standing)) {
    wipe(tab, answer.standing.reason);
  }
}

// To the same device, after a soft logout.
void World::sign_in(Tab& tab, const Step& step) {
  if (step.loss == Loss::request) return;
  const auto id = server_.login(device_);
  if (!id) return;
  device_of_[*id] = device_;
  handed_out({*id, 0});
  if (step.loss == Loss::reply) return;
  tab = {Tokens{*id, 0}, State::signed_in};
  if (step.stored) store_ = tab.tokens;
}

// Nothing is left: a new device, unless another tab still has the store's session.
void World::sign_in_anew(Tab& tab, const Step& step) {
  const bool others =
      std::ranges::any_of(tabs_, [](const Tab& other) { return other.state != State::gone; });
  if (others || step.loss != Loss::nothing) return start_from_store(tab);
  device_ = DeviceKey{std::to_underlying(device_) + 1};
  sign_in(tab, step);
}

void World::start_from_store(Tab& tab) { tab = {store_, store_ ? State::signed_in : State::gone}; }

void World::wipe(Tab& tab, Reason reason) {
  const SessionId id = tab.tokens->first;
  ++wipes_;
  if (!deliberate_.contains(id) && !excused_.contains(id)) {
    break_promise("hard-logged-out, and no person ended it (reason " +
                  std::to_string(static_cast<int>(reason)) + ")");
  }
  tab = {};
  if (store_ && store_->first == id) store_.reset();
}

void World::log_out(const Step& step) {
  const auto tokens = tab(step).tokens;
  if (!tokens) return;
  if (server_.logout(step.node, tokens->first, tokens->second)) {
    ended_deliberately(device_of_[tokens->first]);
  }
}

// --- the thief ---

void World::steal(const Step& step) {
  if (tab(step).tokens) stolen_ = tab(step).tokens;
}

void World::thief_refreshes(std::size_t node) {
  if (!stolen_) return;
  const auto answer = ask_refresh(node, *stolen_, true);
  if (answer.standing.active()) stolen_->second = answer.generation;
  if (soft(answer.standing) || hard(answer.standing)) stolen_.reset();
}

// --- the truth ---

void World::handed_out(Tokens tokens) {
  Generation& newest = newest_.try_emplace(tokens.first, tokens.second).first->second;
  newest = std::max(newest, tokens.second);
  handed_out_at_[tokens] = server_.row(tokens.first)->issued_at - server_.clock_error;
  refused_.erase(tokens);
}

void World::ended_deliberately(DeviceKey device) {
  for (const auto& [id, of] : device_of_) {
    if (of == device && server_.row(id) != nullptr) deliberate_[id] = restores_;
  }
}

// What the server forgot in a crash it cannot be blamed for: an older token lives a little on.
void World::forget_uses(const ModelServer::Forgotten& uses) {
  for (const auto& use : uses) used_at_.erase(use);
}

// Nor this: a clock that is behind the backup's heartbeat when it is put back tells nobody how
// much was lost after it.
void World::excuse_what_the_clock_hides(const ModelDatabase& backup) {
  if (server_.now() >= *backup.heartbeat) return;
  for (const auto& [id, device] : device_of_) {
    const bool later = IdSource::born(id) > *backup.heartbeat + kHeartbeatMargin;
    if (later && !backup.rows.contains(id)) excused_.insert(id);
  }
}

void World::check_answer(SessionId id, const Standing& standing) {
  const auto end = deliberate_.find(id);
  if (end == deliberate_.end() || end->second != restores_ || hard(standing)) return;
  break_promise("a person ended it, and the answer is not hard");
}

void World::check_fresh_token(Tokens tokens, const Standing& standing) {
  const Record* record = server_.row(tokens.first);
  const bool live = record != nullptr && record->ended == Ended::live;
  const bool newest = newest_[tokens.first] == tokens.second;
  const bool young =
      server_.true_time - handed_out_at_[tokens] < *setting_.policy.access_token_lifetime;
  if (soft(standing) && live && newest && young && undisturbed() &&
      standing.reason != Reason::past_maximum_age) {
    break_promise("the newest access token is refused in its lifetime");
  }
}

Standing World::read(std::size_t node, Tokens tokens) {
  const Standing standing = server_.access(node, tokens.first, tokens.second);
  check_answer(tokens.first, standing);
  check_fresh_token(tokens, standing);
  if (standing.active()) {
    used_at_.try_emplace(tokens, server_.true_time);
    if (refused_.contains(tokens) && undisturbed() && setting_.nodes == 1) {
      break_promise("a refused access token lives again");
    }
  } else if (standing.reason == Reason::expired || standing.reason == Reason::replaced) {
    refused_.insert(tokens);
  }
  return standing;
}

ModelServer::Answer World::ask_refresh(std::size_t node, Tokens tokens, bool by_thief) {
  const auto& [id, generation] = tokens;
  const Record* record = server_.row(id);
  const bool live = record != nullptr && record->ended == Ended::live && !server_.locked();
  const auto answer = server_.refresh(node, id, generation);
  const Reason reason = answer.standing.reason;
  check_answer(id, answer.standing);

  const auto next = used_at_.find({id, generation + 1});
  if (by_thief && answer.standing.active() && undisturbed() && next != used_at_.end() &&
      server_.true_time - next->second > setting_.policy.refresh_grace) {
    break_promise("a stolen refresh token works after the grace");
  }
  const bool by_limit =
      reason == Reason::refresh_token_expired || reason == Reason::past_maximum_age;
  if (live && !answer.standing.active() && generation == newest_[id] && restores_ == 0 &&
      !by_limit) {
    break_promise("the newest refresh token is refused");
  }
  if (answer.standing.active()) {
    handed_out({id, answer.generation});
    used_at_.try_emplace(tokens, server_.true_time);
  }
  return answer;
}

void World::check_devices() {
  std::map<DeviceKey, int> live;
  for (const auto& [id, record] : server_.rows()) {
    if (record.ended == Ended::live && ++live[*record.device] > 1) {
      break_promise("two live sessions of one device");
    }
    if (record.issued != record.seen && record.issued != record.seen + 1) {
      break_promise("issued is neither seen nor the next");
    }
  }
}

// --- all that can happen ---

void World::administer(const Step& step) {
  switch (step.op) {
    case Op::log_out_everywhere:
      for (const auto& [id, device] : device_of_) server_.end_device(device);
      for (const auto& [id, device] : device_of_) ended_deliberately(device);
      return;
    case Op::end_softly:
      return server_.end_all_softly();
    case Op::lock:
    case Op::unlock:
      return server_.lock(step.op == Op::lock);
    case Op::purge:
      return server_.purge();
    default:
      return;
  }
}

void World::fault(const Step& step) {
  switch (step.op) {
    case Op::crash:
      return forget_uses(server_.crash());
    case Op::restart:
      return server_.restart();
    case Op::back_up:
      backups_.push_back(server_.backup());
      return;
    case Op::restore:
    case Op::fail_over: {
      if (backups_.empty()) return;
      ++restores_;
      const std::size_t chosen = step.tab % backups_.size();
      // What is not promised: a newer backup put back after an older one while the clock was
      // behind both. Sessions begun in between bear times that the newer one believes to know.
      if (clock_was_set_) backups_.resize(chosen + 1);
      excuse_what_the_clock_hides(backups_[chosen]);
      if (step.op == Op::fail_over) return server_.fail_over(backups_[chosen]);
      return forget_uses(server_.restore(backups_[chosen]));
    }
    case Op::set_clock:
      clock_was_set_ = true;
      server_.clock_error += step.span;
      return;
    default:
      return;
  }
}

void World::act(const Step& step) {
  server_.true_time += std::chrono::seconds{1} + (step.op == Op::wait ? step.span : Duration{0});
  // A crash comes before what was noted in the last second is written.
  if (step.op != Op::crash && step.op != Op::restore) server_.keep_house();
  switch (step.op) {
    case Op::wait:
      break;
    case Op::go:
      go(tab(step), step);
      break;
    case Op::refresh:
      if (tab(step).state == State::signed_in || tab(step).state == State::must_refresh) {
        refresh(tab(step), step);
      }
      break;
    case Op::kill:
      start_from_store(tab(step));
      break;
    case Op::duplicate:
      if (tab(step).tokens) delayed_.push_back(*tab(step).tokens);
      break;
    case Op::deliver:
      if (delayed_.empty()) break;
      ask_refresh(step.node, delayed_.front());
      delayed_.erase(delayed_.begin());
      break;
    case Op::log_out:
      log_out(step);
      break;
    case Op::sync:
      server_.forget_caches();
      break;
    case Op::steal:
      steal(step);
      break;
    case Op::thief_refreshes:
      thief_refreshes(step.node);
      break;
    case Op::thief_reads:
      if (stolen_) read(step.node, *stolen_);
      break;
    default:
      administer(step);
      fault(step);
  }
  check_devices();
}

}  // namespace latchkey::sessions::testing
