#pragma once

namespace latchkey::app {

// latchkey serve | config check | config example | config reference | user … | session … | …
// Returns the exit code: 0, or 1 with a sentence on stderr.
int run_command_line(int argc, const char* const* argv);

}  // namespace latchkey::app
