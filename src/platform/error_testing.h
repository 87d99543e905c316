#pragma once

#include <expected>
#include <source_location>
#include <stdexcept>
#include <string>

namespace latchkey {

// The error of what a test expects to fail. std::expected::error() ends the whole test program
// where there is none, this the one test.
template <class T, class E>
E error_of(const std::expected<T, E>& outcome,
           std::source_location where = std::source_location::current()) {
  if (outcome.has_value()) {
    throw std::logic_error(std::string(where.file_name()) + ":" + std::to_string(where.line()) +
                           ": succeeded, where a failure is expected");
  }
  return outcome.error();
}

}  // namespace latchkey
