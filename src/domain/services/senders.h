#pragma once

#include <string>
#include <vector>

#include "domain/services/services.h"
#include "domain/sessions/sessions.h"

namespace latchkey::services {

// Makes sure that each service's own user (its sender) exists: without a password, so that none
// but the service can be it. One that is there stays as it is, a deactivated one too. Returns
// the localparts of those created. Blocking: for the start, on any number of nodes at once.
std::vector<std::string> add_senders(const Services& services, const Ground& ground);

}  // namespace latchkey::services
