#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "endpoints/admin/commands.h"

namespace latchkey::app {

// Runs a command in the server that listens on the Unix socket. Absent: none does.
std::optional<admin::Answer> run_in_server(const std::string& socket_path, std::string_view name,
                                           const boost::json::object& arguments);

}  // namespace latchkey::app
