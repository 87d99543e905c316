#pragma once

#include <cstddef>
#include <expected>
#include <limits>
#include <string>

namespace YAML {
class Node;
}

// A YAML file on its way to a tree. Not for users of platform/config.
namespace latchkey::config {

// What the file holds, or its first `max` bytes; or why it cannot be read, as the end of a
// sentence: "there is no such file", "this user (alice) may not read it".
std::expected<std::string, std::string> read_file(
    const std::string& path, std::size_t max = std::numeric_limits<std::size_t>::max());

// The one document of `yaml`, null when there is none; or what is wrong, with its line.
std::expected<YAML::Node, std::string> parse_yaml(const std::string& yaml);

}  // namespace latchkey::config
