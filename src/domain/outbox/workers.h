#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "domain/outbox/outbox.h"
#include "platform/db/database.h"
#include "platform/telemetry/log.h"
#include "platform/telemetry/metrics.h"

namespace latchkey::outbox {

// An attempt, and the settling of the one before, fit into the lease.
struct Timing {
  Duration patience = std::chrono::seconds{10};  // of one attempt
  Duration lease = std::chrono::seconds{30};
  // How often a worker looks for what no append woke it for: retries, abandoned lanes, and what
  // other nodes leave lying.
  Duration poll = std::chrono::seconds{1};
  Duration measure = std::chrono::seconds{10};
};

// How many items that consumer has refused for ever, since this process began.
std::uint64_t refused(telemetry::Registry& metrics, std::string_view consumer);

// The threads that deliver what is in the outbox, each consumer's apart, so that a slow one delays
// no other. Any number of nodes may have them.
class Workers {
 public:
  struct Parts {
    db::Database& db;
    Outbox& outbox;
    telemetry::Log log;
    telemetry::Registry& metrics;
    // No other process uses this database: what is claimed at the start is a dead one's.
    bool alone = false;
    Timing timing = {};
  };
  using Consumers = std::vector<std::reference_wrapper<Consumer>>;

  // Throws db::Unavailable when the database is away.
  Workers(const Parts& parts, const Consumers& consumers);
  // Ends the attempts that run, and lets go of their lanes.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

 private:
  class Worker;
  struct Shared;

  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::jthread> threads_;
};

}  // namespace latchkey::outbox
