#pragma once

#include <string>

#include "outbound/doctor/hearing.h"
#include "platform/secret.h"

namespace latchkey::doctor {

// Where the others are; of those outside each question says it.
struct Places {
  std::string here;              // http://127.0.0.1:8008/
  std::string here_socket = {};  // of a server that listens on a Unix socket
  std::string homeserver = {};
  std::string name;
  Secret secret = {};
};

// The address of this server for a process on its machine, from an entry of `listen`.
void set_here(Places& places, const std::string& listen);

// Asks over the network. The places live as long as what is returned.
Ask asker(const Places& places);

}  // namespace latchkey::doctor
