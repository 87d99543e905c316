#pragma once

#include <string>
#include <utility>
#include <vector>

#include "domain/events/events.h"

namespace latchkey::events::testing {

// Listens to everything, and writes down what it is told: "device deleted PHONE (3)". Numbers are
// those of domain/events/session_end.h; whose it is and keys are left out.
class Heard {
 public:
  explicit Heard(Events& events);

  // What was told since the last time.
  std::vector<std::string> take() { return std::exchange(lines_, {}); }

 private:
  std::vector<std::string> lines_;
};

}  // namespace latchkey::events::testing
