#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/config.h"

namespace latchkey::app {

// What the files that the configuration names hold, as hashes by option: those that are read at
// the start only.
using NamedFiles = std::map<std::string, std::size_t>;
NamedFiles read_named_files(const Config& config);

// What becomes of a configuration that is read again while the server runs.
struct Reread {
  bool log_level = false;                   // taken over
  std::vector<std::string> need_a_restart;  // options that differ, or whose file does
};

// Pure: compares what the server runs with and what was found. (Server keys are no part of it:
// they are taken over by themselves when another node makes one.)
Reread compare(const Config& running, const NamedFiles& running_files, const Config& found,
               const NamedFiles& found_files);

}  // namespace latchkey::app
