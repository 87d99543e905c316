#pragma once

#include "app/config.h"
#include "platform/config/config.h"

namespace latchkey::app {

// What serving would be refused for, as far as that can be seen before anything is opened: files
// and folders that are not there or may not be used, and what the files say that the configuration
// names. Each error begins with the path of its option. `config check` and `serve` both ask here.
config::Errors refused_by_serve(const Config& config);

// What may stay, but should be looked at.
config::Errors warnings_of(const Config& config);

}  // namespace latchkey::app
