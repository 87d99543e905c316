#pragma once

#include <string>

#include "outbound/doctor/doctor.h"
#include "platform/secret.h"

namespace latchkey::doctor {

// Where the four are.
struct Places {
  std::string here;              // http://127.0.0.1:8008/
  std::string here_socket = {};  // of a server that listens on a Unix socket
  std::string outside;
  std::string homeserver = {};
  std::string name;
  Secret secret = {};
};

// The address of this server for a process on its machine, from an entry of `listen`.
void set_here(Places& places, const std::string& listen);

// Asks over the network. The places live as long as what is returned.
Ask asker(const Places& places);

}  // namespace latchkey::doctor
