#include "outbound/doctor/doctor.h"

#include "outbound/doctor/examinations.h"

namespace latchkey::doctor {

std::vector<Finding> examine(const Facts& facts, const Ask& ask,
                             const std::optional<Account>& account, const Inside& inside) {
  Report report;
  if (!this_server(facts, ask, report)) return report.findings;
  const WellKnown well_known = look_up(facts, ask);
  Facts found = facts;
  found.matrix_url = matrix_url(facts, ask, well_known);

  const bool outside = public_address(found, ask, well_known, report);
  if (outside) our_routes(found, ask, report);
  if (found.behind_synapse && homeserver(found, ask, report)) {
    both_directions(found, ask, report);
    if (outside) {
      their_routes(found, ask, report);
      edge(found, ask, report);
    }
  }
  if (outside) {
    hidden_routes(found, ask, report);
    well_known_file(found, well_known, report);
  }
  forwarded_addresses(found, report);
  outbox(found, inside, report);
  drift(inside, report);
  if (account && outside) session(found, ask, *account, report);
  return report.findings;
}

}  // namespace latchkey::doctor
