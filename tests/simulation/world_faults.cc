// What can befall nodes, their database and their clocks.
#include <fmt/format.h>

#include <algorithm>

#include "simulation/world.h"

namespace latchkey::simulation {

using namespace std::chrono_literals;

void World::fault() {
  Node& node = any_node();
  const auto kind = static_cast<Kind>(random_.below(static_cast<std::size_t>(Kind::count)));
  // A standby follows, a backup is made: states to go back to.
  if (random_.one_in(3)) return workshop_.database.keep_state();
  if (!has(kind)) return;
  const auto come_back = [&](Moment longest) {
    schedule_.after(random_.between<Moment::rep>(1'000, longest.count()) * 1us,
                    [this, &node] { start(node); });
  };
  switch (kind) {
    case Kind::crashes:
      say([&] { return fmt::format("node {} dies", node.number()); });
      node.die();
      return come_back(3s);
    case Kind::restarts:
      say([&] { return fmt::format("node {} is stopped", node.number()); });
      node.stop();
      return come_back(10s);
    case Kind::stops: {
      const Moment span = random_.between<Moment::rep>(10, 9'000) * 1ms;
      say([&] {
        return fmt::format("the process of node {} stands still for {} ms", node.number(),
                           span / 1ms);
      });
      return node.stop_process(span);
    }
    case Kind::partitions: {
      if (dialect_ == db::Dialect::sqlite) return;
      const Moment span = random_.between<Moment::rep>(100, 30'000) * 1ms;
      say([&] {
        return fmt::format("node {} does not reach the database for {} ms", node.number(),
                           span / 1ms);
      });
      node.set_reachable(false);
      if (NodeListener* listener = node.listener()) listener->delay(span + 60s);
      schedule_.after(span, [&node] {
        node.set_reachable(true);
        if (NodeListener* listener = node.listener()) listener->delay(0s);
      });
      return;
    }
    case Kind::deafness: {
      NodeListener* const listener = node.listener();
      if (listener == nullptr) return;
      if (random_.one_in(3)) {
        say([&] { return fmt::format("node {} loses its listener", node.number()); });
        return listener->cut();
      }
      const Moment lag = random_.of<Moment>({50ms, 900ms, 1900ms, 2500ms, 8s, 1h});
      say([&] { return fmt::format("node {} hears {} ms late", node.number(), lag / 1ms); });
      listener->delay(lag);
      schedule_.after(random_.between<Moment::rep>(100, 20'000) * 1ms, [&node] {
        if (NodeListener* again = node.listener()) again->delay(0s);
      });
      return;
    }
    case Kind::failovers:
      return fail_over(random_.one_in(2));
    case Kind::restores:
      if (random_.one_in(3)) restore();
      return;
    case Kind::clocks:
      return set_clocks();
    case Kind::keys:
      if (random_.one_in(4)) rotate(node);
      return;
    case Kind::sleep:
      node.chore(Doing::purge);
      return;
    default:
      return;
  }
}

// As an operator does it: with one file on all nodes, which is then copied.
void World::rotate(Node& node) {
  for (const auto& other : nodes_) {
    if (read_file(other->key_file()) != read_file(node.key_file())) return;
  }
  if (!node.rotate_keys()) return;
  say([&] { return fmt::format("node {} has a new key", node.number()); });
  for (const auto& other : nodes_) {
    if (other.get() == &node) continue;
    schedule_.after(
        random_.between<Moment::rep>(0, 3'000) * 1ms,
        [from = node.key_file(), to = other->key_file()] { write_file(to, read_file(from)); });
  }
}

Time World::earliest_clock() const {
  Time earliest = clocks_.front()->now();
  for (const auto& clock : clocks_) earliest = std::min(earliest, clock->now());
  return earliest;
}

void World::went_back() {
  auto look = [&](db::Tx& tx) { truth_->went_back(tx, earliest_clock()); };
  workshop_.database.read(db::Job(look), {});
  for (const auto& node : nodes_) {
    if (NodeListener* listener = node->listener()) listener->cut();
  }
}

void World::fail_over(bool lagging) {
  if (dialect_ == db::Dialect::sqlite) return;
  SharedDatabase& database = workshop_.database;
  if (!lagging || database.states() == 0) database.keep_state();
  const std::size_t state = database.states() - 1;
  say([&] {
    return fmt::format("the standby takes over: {} commits are lost",
                       database.commits() - database.commits_of(state));
  });
  database.go_back(state);
  went_back();
}

void World::restore() {
  SharedDatabase& database = workshop_.database;
  if (database.states() == 0) return;
  for (const auto& node : nodes_) random_.one_in(2) ? node->stop() : node->die();
  const std::size_t state = random_.below(database.states());
  say([&] {
    return fmt::format("a backup is put back: {} commits are lost",
                       database.commits() - database.commits_of(state));
  });
  database.go_back(state);
  went_back();
  for (const auto& node : nodes_) {
    schedule_.after(random_.between<Moment::rep>(0, 5'000) * 1ms, [this, &node] { start(*node); });
  }
}

void World::set_clocks() {
  const Duration by = random_.of<Duration>({-30s, 90s, -1h, 1h, -400 * 24h, 400 * 24h});
  say([&] { return fmt::format("the clocks are set by {} s", by.count() / 1000); });
  for (const auto& clock : clocks_) clock->set_wrong(clock->wrong() + by);
  if (std::ranges::any_of(nodes_, [](const auto& node) { return node->running(); })) return;
  auto look = [&](db::Tx& tx) { truth_->clocks_set(tx, earliest_clock()); };
  workshop_.database.read(db::Job(look), {});
}

}  // namespace latchkey::simulation
