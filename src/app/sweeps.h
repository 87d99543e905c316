#pragma once

#include <stop_token>
#include <thread>

#include "domain/administration/sweep.h"
#include "domain/ground/lease.h"
#include "domain/providers/provider_set.h"
#include "platform/telemetry/log.h"

namespace latchkey::app {

// The thread that has directories swept as often as they want it (`sweep`). Of several nodes the
// one does it that has the lease; what is due on another waits there until the lease comes to it.
class Sweeps {
 public:
  Sweeps(administration::Sweep& sweep, const providers::ProviderSet& providers, const Lease& lease,
         const telemetry::Log& log);
  // Ends the thread.
  ~Sweeps() = default;

 private:
  void run(const std::stop_token& stop);
  void sweep(const providers::Provider& directory, const std::stop_token& stop);

  administration::Sweep& sweep_;
  const providers::ProviderSet& providers_;
  const Lease& lease_;
  const telemetry::Log log_;
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace latchkey::app
