#pragma once

#include <cstdio>
#include <cstdlib>
#include <exception>

namespace latchkey::bench {

// What every program of the bench is to the shell: its exit code, and a fault as a sentence.
inline int run_program(const char* name, int (*run)(int, char**), int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    return EXIT_FAILURE;
  }
}

}  // namespace latchkey::bench
