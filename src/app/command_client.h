#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "endpoints/admin/commands.h"

namespace latchkey::app {

// The Unix user who types: who called sudo, or else whom this process runs as. Whoever may run
// commands could say otherwise: it tells colleagues apart, not foes.
std::string who_types();

// Runs a command in the server that listens on the Unix socket. Absent: none does.
std::optional<admin::Answer> run_in_server(const std::string& socket_path, std::string_view name,
                                           const boost::json::object& arguments);

}  // namespace latchkey::app
