#pragma once

#include <string>

namespace latchkey::sessions {

// For a client that names none. Chosen before the write that begins its session: one that is begun
// again (db::DoFirst) means the same device.
std::string new_device_id();

}  // namespace latchkey::sessions
