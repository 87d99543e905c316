#pragma once

#include <cstddef>
#include <expected>
#include <limits>
#include <string>

namespace latchkey::config {

// What the file holds, or its first `max` bytes; or why it cannot be read, as the end of a
// sentence: "there is no such file", "this user (alice) may not read it".
std::expected<std::string, std::string> read_file(
    const std::string& path, std::size_t max = std::numeric_limits<std::size_t>::max());

}  // namespace latchkey::config
