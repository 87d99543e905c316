#pragma once

#include "app/config.h"

namespace latchkey::app {

// Serves until SIGTERM or SIGINT, then drains. Returns the exit code. Throws what stops a start,
// with a sentence.
int serve(const Config& config);

}  // namespace latchkey::app
