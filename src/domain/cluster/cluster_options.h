#pragma once

#include <chrono>
#include <string>

#include "platform/config/bounds.h"
#include "platform/time.h"

namespace latchkey::cluster {

// The options of `cluster:`.
struct ClusterOptions {
  std::string listen_url;
  Duration answer_from_memory = std::chrono::seconds{2};
  Duration clock_skew_warned = std::chrono::seconds{1};
  Limit clock_skew_refused = std::chrono::seconds{30};
  Duration hand_over = std::chrono::seconds{2};
  unsigned revision = 1;

  template <class Visitor>
  void options(Visitor& visit) {
    using namespace std::chrono_literals;
    visit("listen_url", listen_url,
          "The database's own address (postgresql://…), for what the nodes tell each other, where "
          "`database` leads through pgBouncer in transaction mode: LISTEN hears nothing there. If "
          "not given, it is `database`.");
    visit("answer_from_memory", answer_from_memory,
          "For how long tokens that were found good are still answered as good from memory while "
          "the database does not answer; after that with 503. For so long a node that is cut off "
          "may accept what was ended on another node.",
          config::Between{2s, 10min});
    visit("clock_skew_warned", clock_skew_warned,
          "How far this node's clock may be from the database's before the log warns of it.",
          config::Between{100ms, 1h});
    visit(
        "clock_skew_refused", clock_skew_refused,
        "How far it may be before this node does not start, and, if it was this node's clock that "
        "moved, says at /health that it is not fit to serve.",
        config::Between{1s, 24h});
    visit(
        "hand_over", hand_over,
        "How long a node that is told to stop goes on serving while other nodes run: /health says "
        "503, and each answer closes its connection. Longer than the load balancer takes to send "
        "it nothing more.",
        config::Between{0s, 5min});
    visit("revision", revision,
          "Which configuration this is. Nodes with the same number have to agree in public_url and "
          "sessions; to change them on a running cluster, raise it on one node after the other.",
          config::Between{1, 1'000'000});
  }
};

}  // namespace latchkey::cluster
