#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "platform/db/listener.h"
#include "simulation/node_database.h"

namespace latchkey::simulation {

// What a node hears of the others, with the contract of platform/db/postgres_listener.h: messages
// arrive in the order of their commits, and with them the echoes of this node, twice a second. They
// may arrive late, or not at all; then the connection is given up after ten seconds, and made anew.
// Echoes are no events of the schedule: when one would have come back is computed.
class NodeListener final : public db::Listener {
 public:
  NodeListener(NodeDatabase& database, Schedule& schedule, Random& random, db::ListenerHooks hooks);
  ~NodeListener() override;

  Clock::time_point last_heard() const override;
  void catch_up() override {}

  // Committed now.
  void send(const std::vector<std::string>& payloads);

  // --- what befalls it ---

  // The connection is lost, and the node sees that.
  void cut();
  // From now on what is sent takes that long.
  void delay(Moment lag);
  // The process is stopped until then: what arrives meanwhile is heard afterwards.
  void hold(Moment until);
  // The pool has found another server.
  void distrust() { cut(); }

 private:
  struct Lag {
    Moment since;
    Moment lag;
  };

  template <class Fn>
  void later(Moment span, Fn fn);
  void connect();
  Moment arrival(Moment sent) const;
  // When the newest echo that is back was sent; negative: none is.
  Moment heard() const;
  void watch_silence();

  NodeDatabase& database_;
  Schedule& schedule_;
  Random& random_;
  const db::ListenerHooks hooks_;
  bool connected_ = false;
  int connection_ = 0;
  Moment connected_at_{0};
  Moment base_{0};  // the lag when nothing is wrong
  std::vector<Lag> lags_;
  Moment held_from_{-1};
  Moment held_until_{-1};
  std::shared_ptr<int> life_ = std::make_shared<int>(0);
};

}  // namespace latchkey::simulation
