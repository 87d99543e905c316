#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "endpoints/admin/commands.h"

// What is written of the commands, from their table: the manual page and what a shell completes.
// The files in config/ are what `config manual` and `config completion` print; a test holds them to
// it.
namespace latchkey::app {

// A command with what it takes.
struct Documented {
  std::string_view name;
  std::string_view sentence;
  std::vector<admin::Argument> arguments;
};

bool is_positional(const admin::Argument& argument);
// Of an option, not of a flag.
bool takes_value(const admin::Argument& argument);

// Those that always run by themselves; the others are admin::commands().
std::span<const Documented> own_commands();
std::vector<Documented> every_command();

std::string manual_page();      // man(7), in troff
std::string bash_completion();  // for bash-completion(8)

}  // namespace latchkey::app
