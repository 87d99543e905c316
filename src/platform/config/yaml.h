#pragma once

#include <expected>
#include <string>

namespace YAML {
class Node;
}

// A YAML text on its way to a tree. Not for users of platform/config.
namespace latchkey::config {

// The one document of `yaml`, null when there is none; or what is wrong, with its line.
std::expected<YAML::Node, std::string> parse_yaml(const std::string& yaml);

}  // namespace latchkey::config
