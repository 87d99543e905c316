#pragma once

#include "domain/sessions/identity.h"
#include "domain/sessions/standing.h"

namespace latchkey::sessions {

// What a token is worth, and who stands behind it.
struct Verdict {
  Standing standing;
  Identity identity;  // when active
};

}  // namespace latchkey::sessions
