#include "domain/outbox/leases.h"

namespace latchkey::outbox {

std::vector<HeldLane> LeaseWatch::abandoned(std::span<const HeldLane> standing,
                                            Clock::time_point now) {
  std::vector<HeldLane> result;
  std::map<Claim, Clock::time_point> seen;
  for (const HeldLane& held : standing) {
    const auto known = first_seen_.find(held.claim);
    const Clock::time_point since = known == first_seen_.end() ? now : known->second;
    seen.emplace(held.claim, since);
    if (now - since >= lease_) result.push_back(held);
  }
  first_seen_ = std::move(seen);
  return result;
}

}  // namespace latchkey::outbox
