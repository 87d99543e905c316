#pragma once

#include <expected>
#include <functional>

#include "app/config.h"
#include "platform/config/config.h"

namespace latchkey::app {

// Reads the configuration file anew.
using ReadAgain = std::function<std::expected<Config, config::Errors>()>;

// Serves until SIGTERM or SIGINT, then drains. At SIGHUP it reads its configuration again, takes
// over what can be (reload.h), and says in the log what needs a restart. Returns the exit code.
// Throws what stops a start, with a sentence.
int serve(const Config& config, const ReadAgain& read_again);

}  // namespace latchkey::app
