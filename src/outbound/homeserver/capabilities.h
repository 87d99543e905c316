#pragma once

#include <string>

#include "domain/homeserver/capabilities.h"

namespace latchkey::outbound {

// Asks a homeserver at that address (http://127.0.0.1:8009/) for its GET /capabilities.
homeserver::Capabilities::Ask ask_for_capabilities(std::string endpoint);

}  // namespace latchkey::outbound
