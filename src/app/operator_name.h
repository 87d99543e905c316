#pragma once

#include <string>

namespace latchkey::app {

// The Unix user as whom this process runs: a name, or a number without one.
std::string user_of_this_process();

// The Unix user who types: who called sudo, or else whom this process runs as. Whoever may run
// commands could say otherwise: it tells colleagues apart, not foes.
std::string who_types();

}  // namespace latchkey::app
