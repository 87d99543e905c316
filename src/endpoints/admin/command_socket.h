#pragma once

#include "endpoints/admin/commands.h"
#include "platform/http/router.h"

namespace latchkey::admin {

// POST /command {"command": …, "arguments": {…}, "user": who types}: runs a command in the server
// and answers {"answer": {…}} or {"error": sentence}. Only for a Unix socket that none but the
// server's own user can open. `operations` must outlive the router. The socket has one thread,
// which no command blocks.
void mount_commands(http::Router& router, const Operations& operations);

}  // namespace latchkey::admin
