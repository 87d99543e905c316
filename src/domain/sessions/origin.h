#pragma once

#include <string>

namespace latchkey::sessions {

// Where a request came from, as it is shown to the person on their device list.
struct Origin {
  std::string address;
  std::string user_agent;
};

}  // namespace latchkey::sessions
