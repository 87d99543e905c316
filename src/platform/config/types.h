#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "platform/secret.h"

// Types of options beside the plain ones. Light: every options struct includes it.
namespace latchkey::config {

// A text that may stand in the file ("secret: …") or in a file of its own ("secret_file: …").
using latchkey::Secret;

// A number of bytes, written "64KiB" or "1MiB".
struct Bytes {
  std::uint64_t value = 0;
  constexpr Bytes() = default;
  constexpr Bytes(std::uint64_t bytes) : value(bytes) {}      // NOLINT(google-explicit-constructor)
  constexpr operator std::uint64_t() const { return value; }  // NOLINT
};

// A file or folder; a relative one is taken from the folder of the configuration file. Also in
// lists: std::vector<Path>.
struct Path {
  std::string value;
  bool empty() const { return value.empty(); }
};

}  // namespace latchkey::config
