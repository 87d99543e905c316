#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "platform/db/database.h"
#include "simulation/random.h"
#include "simulation/schedule.h"
#include "simulation/shared_database.h"

namespace latchkey::simulation {

// How often what goes wrong: one in so many; 0: never.
struct Faults {
  std::size_t connection_lost = 0;  // before the commit
  std::size_t outcome_unknown = 0;  // after it
  std::size_t slow = 0;             // up to seconds
  std::size_t undone = 0;           // at its end, and run again: another of its commit has failed
};

// Thrown in what a node does by itself when the node dies meanwhile. No std::exception: nothing may
// take it for a fault that passes.
struct NodeDied {};

class NodeListener;

// The connections of one node to the shared database, as platform/db/postgres_pool.h has them: an
// operation takes its time there and back; a lost connection is made again, and then on_reconnect()
// runs before anything else; what was not committed yet is tried once more; a commit without an
// answer is Unavailable, and nobody knows. Of Dialect::sqlite it is a file that one node has:
// nothing is lost on the way, and reads are done at once.
class NodeDatabase final : public WithoutThreads {
 public:
  struct Parts {
    Schedule& schedule;
    SharedDatabase& shared;
    Random& random;
    const Faults& faults;
    int node;
    // On whose behalf the node does something now.
    std::function<Cause()> cause;
    // A call's coroutine waits for the database; it may go on.
    std::function<void(std::uint64_t call)> wait;
    std::function<void(std::uint64_t call)> resume;
    // Until when the node's process is stopped; now or earlier: it is not.
    std::function<Moment()> stopped_until;
    std::function<bool()> reachable;  // the database, from here
  };
  NodeDatabase(db::Dialect dialect, Parts parts);
  ~NodeDatabase() override;

  db::Stats stats() const override { return {}; }
  void on_reconnect(std::function<void(db::Tx&)> fn) override { on_reconnect_ = std::move(fn); }
  std::unique_ptr<db::Listener> listen(db::ListenerHooks hooks) override;
  void backup(const std::string&) override { throw db::Refused("not here"); }
  // Finishes what waits, and what that leads to.
  void drain();
  void close() override { closed_ = true; }
  void at_once(bool write, db::Job job) override;

  // The process is gone: what was sent may still be committed, and nobody hears of it.
  void die();
  // It dies as soon as what it waits for at this moment has been left.
  void doom() { doomed_ = true; }
  // Whether something that blocks waits.
  bool blocked() const { return blocked_ > 0; }
  // While something that blocks waits, others go on.
  void let_others_go_on(bool so) { others_go_on_ = so; }

  NodeListener* listener() { return listener_; }

 protected:
  void read_blocking(db::Job job) override;
  void submit(Access access, db::Job job, Completion done) override;

 private:
  friend class NodeListener;
  struct Waiting {
    Access access;
    db::Job job;
    Completion done;
    Cause cause;
    Moment since;
    bool retried = false;
    bool ran = false;
    std::exception_ptr error;
    std::vector<std::function<void()>> hooks;
  };

  template <class Fn>
  void later(Moment span, Fn fn);
  Moment trip();
  bool strikes(std::size_t one_in) { return one_in > 0 && parts_.random.one_in(one_in); }
  // False: there is no connection now.
  bool connect();
  void arrive(std::uint64_t id);
  void run(Waiting& waiting);
  void come_back(std::uint64_t id);
  Duration waited(Moment since) const;

  const Parts parts_;
  std::function<void(db::Tx&)> on_reconnect_;
  NodeListener* listener_ = nullptr;
  std::map<std::uint64_t, Waiting> waiting_;
  std::uint64_t next_ = 1;
  std::uint64_t generation_ = 0;
  bool closed_ = false;
  bool doomed_ = false;
  bool others_go_on_ = false;
  int blocked_ = 0;
  std::shared_ptr<int> life_ = std::make_shared<int>(0);
};

}  // namespace latchkey::simulation
