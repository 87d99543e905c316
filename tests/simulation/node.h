#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "domain/administration/administration.h"
#include "domain/self/operations.h"
#include "domain/signin/sign_in.h"
#include "simulation/node_database.h"
#include "simulation/node_listener.h"

namespace latchkey::simulation {

// The clock of one machine: the true time, and what is wrong with it.
class NodeClock final : public Clock {
 public:
  NodeClock(const Schedule& schedule, Time start) : schedule_(schedule), start_(start) {}
  Time now() const override {
    return start_ + std::chrono::floor<Duration>(schedule_.now()) + wrong_;
  }
  void set_wrong(Duration by) { wrong_ = by; }
  Duration wrong() const { return wrong_; }

 private:
  const Schedule& schedule_;
  const Time start_;
  Duration wrong_{0};
};

// A request that a node works on. Its coroutine has an io_context of its own, so that it is known
// whose each look into the database is.
struct Call {
  std::uint64_t number = 0;
  Request request;
  Moment began{0};
  boost::asio::io_context context{1};
  bool finished = false;
  int waits = 0;       // for the database
  bool timer = false;  // its timers will be looked at
  // Another with its token was under way when it came: it may take that one's verdict
  // (domain/sessions/flights.h), on the terms of what is remembered.
  bool joins = false;
};

// What all nodes of a process have in common and no history changes: making it takes long.
struct Shelf {
  Shelf();

  telemetry::Registry metrics{1};
  telemetry::Log log;
  accounts::Passwords passwords;
  providers::ProviderSet providers;
  services::Services services;
};

// What happens at a node, for those who judge it.
struct NodeHooks {
  std::function<void(const Call&)> arrived;
  std::function<void(const Call&, const Answer&)> answered;
  std::function<void(const Call&, std::string fault)> failed;
  std::function<void()> heard_again;
};

// One Latchkey: the domain as it is, wired as app/core.cc does it, over what the simulation gives
// it in place of sockets, threads and time.
class Node {
 public:
  struct Parts {
    Schedule& schedule;
    SharedDatabase& shared;
    Random& random;
    const Faults& faults;
    Shelf& shelf;
    int number;
    db::Dialect dialect;
    sessions::Policy policy;
    std::string key_file;
    NodeHooks hooks;
  };
  Node(Parts parts, const NodeClock& clock);
  ~Node();

  // Throws db::Unavailable when the database is away.
  void start();
  bool running() const { return domain_ != nullptr; }
  // Orderly: finishes what waits and writes what is left.
  void stop();
  // As if the machine had lost its power.
  void die();

  // `reply` gets the answer when the node has it, unless it dies before.
  void serve(Request request, std::function<void(const Answer&)> reply);
  // Housekeeping. False: it has to be tried again.
  bool chore(Doing doing);

  // --- what befalls it ---

  void stop_process(Moment span);
  Moment stopped_until() const { return stopped_until_; }
  void set_reachable(bool so) { reachable_ = so; }
  bool reachable() const { return reachable_; }
  NodeListener* listener() { return database_ ? database_->listener() : nullptr; }
  // A new key on this node; false: it could not be made.
  bool rotate_keys();
  const std::string& key_file() const { return parts_.key_file; }

  int number() const { return parts_.number; }
  const NodeClock& clock() const { return clock_; }
  // As ids are made from it.
  Time id_clock() const;

 private:
  struct Domain;

  Task<Answer> handle(const Request& request, std::uint64_t call);
  Task<Answer> use(const Request& request);
  Task<Answer> refresh(const Request& request);
  Task<Answer> login(const Request& request);
  Task<Answer> confirmed(const Request& request);
  Task<Answer> operate(const Request& request);
  Call* find(std::uint64_t number);
  void pump(std::uint64_t number);
  Cause cause() const;
  template <class Fn>
  bool within_chore(Doing doing, Fn fn);

  const Parts parts_;
  const NodeClock& clock_;
  std::unique_ptr<NodeDatabase> database_;
  std::unique_ptr<Domain> domain_;
  std::list<Call> calls_;
  Call* current_ = nullptr;
  Doing chore_ = Doing::start;
  std::uint64_t next_call_ = 1;
  Moment stopped_until_{0};
  bool reachable_ = true;
  bool dying_ = false;
  std::shared_ptr<int> life_;
};

}  // namespace latchkey::simulation
