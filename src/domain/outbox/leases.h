#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "domain/outbox/outbox_rows.h"

// How a claim is known to be abandoned without comparing clocks of two machines.
//
// A worker changes its claim with every item it settles, and ends each attempt within a time that
// is shorter than the lease. So a claim that stands unchanged for a whole lease, by the clock of
// the node that watches it, is of a worker that is dead or has lost the database: its lane is put
// off, as after a failed attempt. A wall clock that is wrong, here or there, shortens no lease.
namespace latchkey::outbox {

class LeaseWatch {
 public:
  using Clock = std::chrono::steady_clock;

  explicit LeaseWatch(Duration lease) : lease_(lease) {}

  // Of the claims that stand now, those that have been seen for as long as the lease.
  std::vector<HeldLane> abandoned(std::span<const HeldLane> standing, Clock::time_point now);

 private:
  const Duration lease_;
  std::map<Claim, Clock::time_point> first_seen_;
};

}  // namespace latchkey::outbox
