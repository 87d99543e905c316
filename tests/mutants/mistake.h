#pragma once

#include <cstdlib>

namespace latchkey::mutants {

// Whether the mistake of this number is the one that LATCHKEY_MISTAKE chose for this process. The
// sources that tools/mutants.py writes ask it at each place where they hold a mistake.
inline bool made(int number) {
  static const int chosen = [] {
    const char* text = std::getenv("LATCHKEY_MISTAKE");
    return text == nullptr ? 0 : std::atoi(text);
  }();
  return number == chosen;
}

}  // namespace latchkey::mutants
