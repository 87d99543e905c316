#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "app/config.h"
#include "domain/cluster/clock_skew.h"
#include "domain/cluster/nodes.h"
#include "domain/ground/ground.h"

namespace latchkey::app {

// What makes a node one of several: that its clock and its configuration are those of the others.
// Looked at when it starts and each minute, on a thread of its own. For PostgreSQL.
class ClusterWatch {
 public:
  // Throws db::Refused, with a sentence, when this node is not one of them.
  ClusterWatch(const Ground& ground, const Config& config,
               Duration interval = std::chrono::minutes{1});
  // Says that this node is gone.
  ~ClusterWatch();
  ClusterWatch(const ClusterWatch&) = delete;
  ClusterWatch& operator=(const ClusterWatch&) = delete;

  // False while this node's clock has gone too far from the database's.
  bool fit() const { return fit_.load(std::memory_order_relaxed); }
  // Whether there are others that could serve instead of this node; who cannot tell says so.
  bool others_run() const;

 private:
  void run(const std::stop_token& stop);
  void look_at_clock();
  // By how much the wall clock has left the monotonic one since the start.
  Duration moved() const;

  const Ground& ground_;
  const cluster::ClusterOptions options_;
  const Duration interval_;
  cluster::Membership membership_;
  Duration skew_at_start_{0};
  Time wall_at_start_;
  std::chrono::steady_clock::time_point steady_at_start_;
  // The metric outlives this.
  const std::shared_ptr<std::atomic<double>> skew_seconds_ =
      std::make_shared<std::atomic<double>>(0);
  std::atomic<bool> fit_{true};
  std::jthread thread_;
};

// What a node calls itself: the machine and where it listens there, the same after a restart.
std::string node_name(const Config& config);

// What all nodes of a cluster have to agree in.
cluster::Settings shared_settings(const Config& config);

}  // namespace latchkey::app
