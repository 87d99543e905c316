#pragma once

#include <string>

#include "domain/sessions/sessions.h"

namespace latchkey::signin {

// What a sign-in or a registration gives.
struct SignedIn {
  std::string localpart;
  std::string device_id;
  sessions::TokenPair tokens;
};

}  // namespace latchkey::signin
