#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace latchkey::mutants {

// How many bytes the file of LATCHKEY_MISTAKES_REACHED has; tools/mutants.py knows it too.
constexpr int kBytesOfReached = 1 << 20;

// A byte for each mistaken place that some process has come by, kept in a file that several share;
// null unless somebody wants to know.
inline volatile char* reached() {
  static volatile char* const bytes = []() -> volatile char* {
    const char* path = std::getenv("LATCHKEY_MISTAKES_REACHED");
    const int file = path == nullptr ? -1 : ::open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) {
      return nullptr;
    }
    void* mapped = ::mmap(nullptr, kBytesOfReached, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    return mapped == MAP_FAILED ? nullptr : static_cast<volatile char*>(mapped);
  }
  ();
  return bytes;
}

// Whether the mistake of this number is the one that LATCHKEY_MISTAKE chose for this process. The
// sources that tools/mutants.py writes ask it at each place where they hold a mistake.
inline bool made(int number) {
  static const int chosen = [] {
    const char* text = std::getenv("LATCHKEY_MISTAKE");
    return text == nullptr ? 0 : std::atoi(text);
  }();
  if (volatile char* bytes = reached()) {
    bytes[number % kBytesOfReached] = 1;
  }
  return number == chosen;
}

}  // namespace latchkey::mutants
