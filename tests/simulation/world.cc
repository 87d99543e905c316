#include "simulation/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "domain/accounts/user_rows.h"

namespace latchkey::simulation {
namespace {

using namespace std::chrono_literals;
using Word = Answer::Word;

constexpr Time kStart = Time{Duration{1'800'000'000'000}};
// After so long without an answer a client takes it for lost.
constexpr Moment kClientPatience = 35s;

std::string shown(SessionId id) {
  return fmt::format("{:x}", static_cast<std::uint64_t>(id) & 0xffffff);
}

}  // namespace

World::World(Workshop& workshop, Plan plan)
    : workshop_(workshop), plan_(std::move(plan)), random_(plan_.seed), left_(plan_.actions) {
  show_time(Moment{0});
  seed_random_bytes(plan_.seed ^ 0x5DEECE66DU);
  draw_world();
}

World::~World() {
  nodes_.clear();
  workshop_.database.end_history();
  workshop_.put_keys_back();
}

void World::say(const std::function<std::string()>& line) {
  if (!plan_.trace) return;
  plan_.trace(
      fmt::format("{:>14.6f} s  {}", static_cast<double>(schedule_.now().count()) / 1e6, line()));
}

void World::mix(std::uint64_t value) {
  outcome_.digest = (outcome_.digest ^ value) * 0x100000001B3U;
}

// --- the setting ---

sessions::Policy World::draw_policy() {
  sessions::Policy policy;
  policy.access_token_lifetime = random_.of<Duration>({5min, 5min, 30s, 2min});
  policy.refresh_grace = random_.of<Duration>({60s, 60s, 10s, 0s});
  policy.refresh_grace = std::min(policy.refresh_grace, *policy.access_token_lifetime / 2);
  policy.remember_ended = 24h;
  policy.cache_entries = random_.of<std::size_t>({100, 100, 4, 0});
  if (has(Kind::limits)) {
    policy.refresh_token_lifetime = random_.of<Limit>({std::nullopt, 1h, 24h});
    policy.maximum_age = random_.of<Limit>({std::nullopt, 2h, 72h});
    policy.maximum_idle = random_.of<Limit>({std::nullopt, 1h, 48h});
    policy.access_token_lifetime_without_refresh = random_.of<Limit>({std::nullopt, 1h});
    policy.delete_unused_devices_after = random_.of<Limit>({std::nullopt, 24h, 48h});
  }
  return policy;
}

void World::draw_world() {
  for (bool& kind : kinds_) kind = random_.one_in(2);
  // The rarer ones hide much of the others.
  for (const Kind kind : {Kind::deactivations, Kind::clocks, Kind::sleep}) {
    if (random_.one_in(2)) kinds_[static_cast<std::size_t>(kind)] = false;
  }
  if (random_.one_in(5)) dialect_ = db::Dialect::sqlite;
  const int count = dialect_ == db::Dialect::sqlite ? 1 : random_.between(1, Workshop::kMostNodes);
  policy_ = draw_policy();
  if (has(Kind::losses)) loss_ = random_.of<std::size_t>({4, 12, 40});
  if (has(Kind::duplicates)) duplicate_ = random_.of<std::size_t>({3, 10, 40});
  if (has(Kind::database)) faults_.undone = random_.of<std::size_t>({0, 5, 30});
  if (has(Kind::database) && dialect_ != db::Dialect::sqlite) {
    faults_.connection_lost = random_.of<std::size_t>({0, 20, 100});
    faults_.outcome_unknown = random_.of<std::size_t>({0, 10, 50});
    faults_.slow = random_.of<std::size_t>({0, 10, 50});
  }
  for (std::size_t& weight : tempo_) weight = random_.below(4);
  tempo_[1] += 1;
  tempo_[0] *= 4;
  tempo_[1] *= 4;
  tempo_[2] *= 2;

  truth_.emplace(schedule_, Truth::Setting{.policy = policy_,
                                           .alone = dialect_ == db::Dialect::sqlite,
                                           .clocks_are_set = has(Kind::clocks)});
  workshop_.database.begin_history(
      [this](db::Tx& tx, const Cause& cause, std::span<const SharedDatabase::Change> changes) {
        truth_->committed(tx, cause, changes);
        mix(workshop_.database.commits());
      },
      [this](const std::vector<std::string>& payloads) {
        for (const auto& node : nodes_) {
          if (NodeListener* listener = node->listener()) listener->send(payloads);
        }
      });
  const bool skewed = random_.one_in(2);
  for (int i = 0; i < count; ++i) {
    auto& clock = clocks_.emplace_back(std::make_unique<NodeClock>(schedule_, kStart));
    if (skewed) clock->set_wrong(random_.between<Duration::rep>(-4'000, 4'000) * 1ms);
    NodeHooks hooks{
        .arrived =
            [this, i](const Call& call) {
              truth_->arrived(*nodes_[static_cast<std::size_t>(i)], call);
            },
        .answered =
            [this, i](const Call& call, const Answer& answer) {
              Node& node = *nodes_[static_cast<std::size_t>(i)];
              say([&] {
                return fmt::format("node {} answers {}{} {}/{} with {}{} (reason {}){}{}", i,
                                   name_of(call.request.doing),
                                   call.request.by_thief ? " of the thief" : "",
                                   shown(call.request.session), call.request.generation,
                                   name_of(answer.word), answer.from_memory ? " from memory" : "",
                                   static_cast<int>(answer.standing.reason),
                                   answer.why.empty() ? "" : ": ", answer.why);
              });
              ++outcome_.answers;
              mix(static_cast<std::uint64_t>(answer.word) + 7 * static_cast<std::uint64_t>(i));
              mix(static_cast<std::uint64_t>(schedule_.now().count()));
              for (const char letter : answer.access) mix(static_cast<unsigned char>(letter));
              truth_->answered(node, call, answer);
              keep_house_soon(node);
            },
        .failed = [this](const Call& call,
                         const std::string& fault) { truth_->failed(call, fault); },
        .heard_again = [this, i] { keep_house_soon(*nodes_[static_cast<std::size_t>(i)]); },
    };
    nodes_.push_back(std::make_unique<Node>(Node::Parts{.schedule = schedule_,
                                                        .shared = workshop_.database,
                                                        .random = random_,
                                                        .faults = faults_,
                                                        .shelf = workshop_.shelf,
                                                        .number = i,
                                                        .dialect = dialect_,
                                                        .policy = policy_,
                                                        .key_file = workshop_.key_file(i),
                                                        .hooks = std::move(hooks)},
                                            *clock));
    chores_said_.push_back(false);
  }
}

void World::people() {
  clients_.emplace(random_,
                   [this](const Request& request, std::function<void(const Answer*)> then) {
                     ask(request, std::move(then));
                   });
  if (has(Kind::unsaved)) clients_->set_unsaved(8);
  const bool crowd = random_.one_in(400);
  const std::size_t count =
      crowd ? random_.between<std::size_t>(500, 1'500) : random_.between<std::size_t>(1, 4);
  if (crowd) left_ *= 10;
  for (std::size_t i = 0; i < count; ++i) {
    Person& person = *people_.emplace_back(std::make_unique<Person>());
    person.user = UserId{((to_millis(kStart) - 86'400'000) << 21) + static_cast<std::int64_t>(i)};
    person.localpart = "person" + std::to_string(i);
    person.passwords = {Workshop::kPassword};
    auto make = [&](db::Tx& tx) {
      accounts::insert_user(tx, person.user, person.localpart, workshop_.hash, false, kStart);
    };
    truth_->account_made(person.user, workshop_.hash, Workshop::kPassword);
    workshop_.database.write(db::Job(make), {}, {});
    const std::size_t devices = crowd ? 1 : random_.between<std::size_t>(1, 3);
    for (std::size_t d = 0; d < devices; ++d) {
      clients_->add(person, crowd ? 1 : random_.between<std::size_t>(1, 3), !random_.one_in(6));
    }
  }
  outcome_.clients = clients_->tabs().size();
}

void World::start_nodes() {
  for (const auto& node : nodes_) start(*node);
}

// --- nodes ---

void World::start(Node& node) {
  if (node.running()) return;
  try {
    node.start();
    say([&] { return fmt::format("node {} starts", node.number()); });
    beat(node);
  } catch (const db::Unavailable& away) {
    say([&] { return fmt::format("node {} cannot start: {}", node.number(), away.what()); });
    schedule_.after(500ms, [this, &node] { start(node); });
  }
}

// Housekeeping comes round for ever; here when there is something to do.
void World::keep_house_soon(Node& node, int tries) {
  const auto index = static_cast<std::size_t>(node.number());
  if (chores_said_[index]) return;
  chores_said_[index] = true;
  schedule_.after(random_.between<Moment::rep>(1, 500) * 1ms, [this, &node, index, tries] {
    chores_said_[index] = false;
    const bool written = node.chore(Doing::first_uses);
    const bool taken = node.chore(Doing::take_keys);
    if (random_.one_in(8)) node.chore(Doing::activity);
    if (!(written && taken) && node.running() && tries > 1) keep_house_soon(node, tries - 1);
  });
}

void World::beat(Node& node) {
  // A silence of three minutes would be a gap; in a long night the beats may be that rare.
  const bool night = asleep_until_ - schedule_.now() > 10min;
  const Moment soon = random_.between<Moment::rep>(night ? 150 : 55, night ? 170 : 65) * 1s;
  schedule_.after(soon, [this, &node] {
    if (!node.running()) return;  // a start begins it anew
    node.chore(Doing::beat);
    node.chore(Doing::activity);
    node.chore(Doing::take_keys);
    if (random_.one_in(40)) node.chore(Doing::purge);
    beat(node);
  });
}

// --- the network ---

void World::ask(const Request& request, std::function<void(const Answer*)> then) {
  struct Exchange {
    std::function<void(const Answer*)> then;
    bool over = false;
  };
  auto exchange = std::make_shared<Exchange>(std::move(then));
  const auto finish = [exchange](const Answer* answer) {
    if (!std::exchange(exchange->over, true)) exchange->then(answer);
  };
  carry(request, finish);
  if (duplicate_ > 0 && random_.one_in(duplicate_)) {
    // Whose answer nobody waits for, mostly.
    schedule_.after(random_.of<Moment>({0us, 1ms, 300ms, 5s, 70s, 6min}), [this, request, finish] {
      if (!mended_) carry(request, finish);
    });
  }
  schedule_.after(kClientPatience, [finish] { finish(nullptr); });
}

void World::carry(const Request& request, std::function<void(const Answer*)> then) {
  const auto lost = [this] { return loss_ > 0 && random_.one_in(loss_); };
  const auto way = [this] { return random_.between<Moment::rep>(100, 40'000) * 1us; };
  if (lost()) return;
  const auto index = random_.below(nodes_.size());
  schedule_.after(way(), [this, request, then = std::move(then), index, lost, way] {
    // The load balancer takes the next one that runs.
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      Node& node = *nodes_[(index + i) % nodes_.size()];
      if (!node.running()) continue;
      return node.serve(request, [this, then, lost, way](const Answer& answer) {
        if (lost()) return;
        schedule_.after(way(), [then, answer] { then(&answer); });
      });
    }
    schedule_.after(way(), [then] { then(nullptr); });
  });
}

// --- what happens ---

Moment World::pause() {
  std::size_t sum = 0;
  for (const std::size_t weight : tempo_) sum += weight;
  std::size_t drawn = random_.below(sum);
  std::size_t which = 0;
  while (drawn >= tempo_[which]) drawn -= tempo_[which++];
  switch (which) {
    case 0:
      return random_.between<Moment::rep>(0, 2'000) * 1us;
    case 1:
      return random_.between<Moment::rep>(1, 500) * 1ms;
    case 2:
      return random_.between<Moment::rep>(500, 20'000) * 1ms;
    default:
      return random_.between<Moment::rep>(10, 150) * 1s;
  }
}

void World::act() {
  if (left_ == 0) return;
  --left_;
  do_something();
  Moment next = pause();
  if (has(Kind::sleep) && random_.one_in(250)) {
    next = random_.of<Moment>({1h, 3h, 26h});
    asleep_until_ = schedule_.now() + next;
    say([&] { return fmt::format("for {} h nobody does anything", next / 1h); });
  }
  schedule_.after(next, [this] { act(); });
}

void World::do_something() {
  const std::size_t drawn = random_.below(100);
  if (drawn < 62) return client_acts();
  if (drawn < 72) return person_acts();
  if (drawn < 79) return operator_acts();
  if (drawn < 86) return thief_acts();
  fault();
}

void World::client_acts() {
  Tab& tab = *random_.of(clients_->tabs());
  if (random_.one_in(6)) return clients_->refresh(tab);
  if (random_.one_in(20)) return clients_->reopen(tab);
  clients_->go_on(tab);
}

void World::person_acts() {
  Tab& tab = *random_.of(clients_->tabs());
  const Doing doing = random_.of<Doing>({Doing::logout, Doing::logout_all, Doing::delete_devices,
                                         Doing::change_password, Doing::deactivate});
  if (doing == Doing::change_password ? !has(Kind::passwords) : !has(Kind::ends)) return;
  if (doing == Doing::deactivate && !(has(Kind::deactivations) && random_.one_in(4))) return;
  clients_->act(tab, doing);
}

void World::operator_acts() {
  Person& person = *random_.of(people_);
  Request request{
      .doing = random_.of<Doing>({Doing::lock, Doing::unlock, Doing::unlock, Doing::soften,
                                  Doing::soften_everybody, Doing::soften_session,
                                  Doing::end_session, Doing::sign_out}),
      .user = person.user,
      .localpart = person.localpart};
  switch (request.doing) {
    case Doing::lock:
    case Doing::unlock:
      if (!has(Kind::locks)) return;
      break;
    case Doing::soften:
    case Doing::soften_everybody:
    case Doing::soften_session:
      if (!has(Kind::soft_ends)) return;
      break;
    default:
      if (!has(Kind::ends)) return;
  }
  if (request.doing == Doing::soften_session || request.doing == Doing::end_session) {
    if (truth_->sessions().empty()) return;
    request.session = random_.of(truth_->sessions());
  }
  ask(request, [](const Answer*) {});
}

void World::thief_acts() {
  if (!has(Kind::thieves)) return;
  if (!thief_.tokens || random_.one_in(5)) {
    const Tab& tab = *random_.of(clients_->tabs());
    if (tab.tokens) thief_ = {tab.tokens, tab.store->person};
    return;
  }
  Request request{.doing = random_.of<Doing>({Doing::use, Doing::refresh, Doing::refresh}),
                  .user = thief_.victim->user,
                  .localpart = thief_.victim->localpart};
  request.by_thief = true;
  request.session = thief_.tokens->session;
  request.generation = thief_.tokens->generation;
  request.token = request.doing == Doing::use ? thief_.tokens->access : thief_.tokens->refresh;
  if (request.token.empty()) return;
  const bool refreshes = request.doing == Doing::refresh;
  ask(request, [this, refreshes](const Answer* answer) {
    if (answer == nullptr || !refreshes || answer->word != Word::good) return;
    thief_.tokens = tokens_of(*answer);
  });
}

// --- the end ---

void World::mend() {
  mended_ = true;
  loss_ = duplicate_ = 0;
  faults_ = {};
  clients_->set_unsaved(0);
  std::string newest;
  for (const auto& node : nodes_) {
    node->set_reachable(true);
    node->stop_process(Moment{0});
    if (NodeListener* listener = node->listener()) listener->delay(0s);
    const std::string held = read_file(node->key_file());
    if (held.size() > newest.size()) newest = held;
  }
  for (const auto& node : nodes_) {
    write_file(node->key_file(), newest);
    start(*node);
  }
  // What is under way comes to its end, and clients have waited for the rest.
  schedule_.run(schedule_.now() + kClientPatience + 5s);
  for (const auto& person : people_) {
    ask({.doing = Doing::unlock, .user = person->user, .localpart = person->localpart},
        [](const Answer*) {});
  }
  schedule_.run(schedule_.now() + 5s);
}

void World::get_everybody_on() {
  constexpr std::size_t kMostLookedAt = 8;
  std::size_t looked_at = 0;
  for (const auto& tab : clients_->tabs()) {
    if (tab->store->person->deactivated || looked_at == kMostLookedAt) continue;
    ++looked_at;
    const std::uint64_t before = outcome_.answers;
    bool on = false;
    const std::size_t most = 12 + 2 * tab->store->person->passwords.size();
    for (std::size_t tries = 0; tries < most && !on && !truth_->broken(); ++tries) {
      const bool signed_in = tab->state == Tab::State::signed_in;
      clients_->go_on(*tab);
      schedule_.run(schedule_.now() + 2s);
      on = signed_in && tab->state == Tab::State::signed_in && !tab->asks;
    }
    if (!on) {
      truth_->stuck(fmt::format("{} did not get on ({} answers)", tab->store->person->localpart,
                                outcome_.answers - before));
    }
  }
}

Outcome World::run() {
  try {
    people();
    start_nodes();
    act();
    while (left_ > 0 && !truth_->broken() && schedule_.step(Moment::max())) {
    }
    if (!truth_->broken()) {
      say([] { return std::string("everything is mended"); });
      mend();
      if (!truth_->broken()) get_everybody_on();
    }
  } catch (const std::exception& fault) {
    outcome_.broken = Broken{Invariant::no_fault, fault.what()};
  }
  if (!outcome_.broken) outcome_.broken = truth_->broken();
  outcome_.steps = schedule_.steps();
  outcome_.commits = workshop_.database.commits();
  return outcome_;
}

}  // namespace latchkey::simulation
