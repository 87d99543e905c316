#pragma once

#include <span>

#include "endpoints/admin/command.h"

// The commands of the command line that act on a database. They run in the server, which listens
// on a Unix socket, or, when none runs, in the command line's own process.
namespace latchkey::admin {

std::span<const Command> commands();

// Who typed a command, by the name that the command line gives.
accounts::Operator at_the_command_line(std::string_view user);

// Runs the command of that name; an unknown one is refused with a sentence. What is given must
// outlive the task.
Task<Answer> run(const Operations& operations, const accounts::Operator& by, std::string_view name,
                 const boost::json::object& arguments);

}  // namespace latchkey::admin
