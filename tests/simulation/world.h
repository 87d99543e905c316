#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "simulation/clients.h"
#include "simulation/node.h"
#include "simulation/truth.h"
#include "simulation/workshop.h"

namespace latchkey::simulation {

struct Plan {
  std::uint64_t seed = 0;
  std::size_t actions = 300;
  std::function<void(std::string_view line)> trace;  // may be empty
};

struct Outcome {
  std::optional<Broken> broken;
  std::uint64_t steps = 0;  // of the schedule
  std::uint64_t answers = 0;
  std::uint64_t commits = 0;
  std::uint64_t digest = 0;  // of everything that was answered, and when
  std::size_t clients = 0;
};

// One history: people with their clients, nodes, a network, a database, and all that befalls them,
// drawn from one number.
class World {
 public:
  World(Workshop& workshop, Plan plan);
  ~World();

  Outcome run();

 private:
  // What can go wrong or be done in a history; each has a part of these.
  enum class Kind : std::uint8_t {
    losses,      // requests and answers that are lost
    duplicates,  // requests that arrive twice, late
    unsaved,     // clients that die before they have written their tokens
    crashes,
    restarts,
    stops,       // of a process, which then goes on
    partitions,  // between a node and the database
    deafness,    // notifications that are late or lost
    database,    // connections that are lost, commits without an answer, slow statements
    failovers,
    restores,
    clocks,
    keys,
    thieves,
    locks,
    soft_ends,
    ends,
    passwords,
    deactivations,
    limits,
    sleep,  // hours and days in which nobody does anything
    count
  };
  using Kinds = std::array<bool, static_cast<std::size_t>(Kind::count)>;
  bool has(Kind kind) const { return kinds_[static_cast<std::size_t>(kind)]; }

  struct Thief {
    std::optional<Tokens> tokens;
    Person* victim = nullptr;
  };

  sessions::Policy draw_policy();
  void draw_world();
  void people();
  void start_nodes();
  void act();
  Moment pause();
  void do_something();
  void client_acts();
  void person_acts();
  void operator_acts();
  void thief_acts();
  void fault();
  void mend();
  void get_everybody_on();

  void ask(const Request& request, std::function<void(const Answer*)> then);
  void carry(const Request& request, std::function<void(const Answer*)> then);
  void start(Node& node);
  void keep_house_soon(Node& node, int tries = 20);
  void beat(Node& node);
  void fail_over(bool lagging);
  void restore();
  Time earliest_clock() const;
  void went_back();
  void rotate(Node& node);
  void set_clocks();
  Node& any_node() { return *nodes_[random_.below(nodes_.size())]; }
  void say(const std::function<std::string()>& line);
  void mix(std::uint64_t value);

  Workshop& workshop_;
  const Plan plan_;
  Random random_;
  Schedule schedule_;
  Kinds kinds_{};
  Faults faults_;
  db::Dialect dialect_ = db::Dialect::postgresql;
  sessions::Policy policy_;
  std::optional<Truth> truth_;
  std::vector<std::unique_ptr<NodeClock>> clocks_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<bool> chores_said_;
  std::vector<std::unique_ptr<Person>> people_;
  std::optional<Clients> clients_;
  Thief thief_;
  std::size_t loss_ = 0;
  std::size_t duplicate_ = 0;
  std::size_t left_ = 0;
  Moment asleep_until_{0};
  bool mended_ = false;  // nothing late arrives any longer
  std::array<std::size_t, 4> tempo_{};
  Outcome outcome_;
};

}  // namespace latchkey::simulation
