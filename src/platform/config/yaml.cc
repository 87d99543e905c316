#include "platform/config/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace latchkey::config {
namespace {

constexpr std::string_view kUnknownAnchor = "the referenced anchor is not defined";

// The number of the first line, of those up to `last`, that is indented with a tab.
std::optional<int> line_with_tab(std::string_view yaml, int last) {
  for (int line = 1; line <= last && !yaml.empty(); ++line) {
    const std::string_view text = yaml.substr(0, yaml.find('\n'));
    const std::string_view indent = text.substr(0, text.find_first_not_of(" \t"));
    if (indent.size() < text.size() && indent.find('\t') != indent.npos) return line;
    yaml.remove_prefix(std::min(yaml.size(), text.size() + 1));
  }
  return std::nullopt;
}

// Of what yaml-cpp says only where it is: its words do not tell what to write instead.
std::string explain(const std::string& yaml, const YAML::Exception& fault) {
  const int line = fault.mark.line + 1;
  // It often finds a tab out only on the line after it.
  if (const auto tab = line_with_tab(yaml, line)) {
    return fmt::format("line {}: is indented with a tab, and YAML takes spaces only", *tab);
  }
  // Of an anchor that is not there yaml-cpp says the name: of a token that begins with "*" all.
  if (fault.msg.starts_with(kUnknownAnchor)) {
    return fmt::format("line {}: this is not YAML: {}; a text that begins with '*' needs quotes",
                       line, kUnknownAnchor);
  }
  return fmt::format("line {}: this is not YAML: {}", line, fault.msg);
}

}  // namespace

std::expected<YAML::Node, std::string> parse_yaml(const std::string& yaml) {
  std::vector<YAML::Node> documents;
  try {
    documents = YAML::LoadAll(yaml);
  } catch (const YAML::Exception& fault) {
    return std::unexpected(explain(yaml, fault));
  }
  if (documents.size() > 1) {
    return std::unexpected("the file holds several YAML documents ('---')");
  }
  return documents.empty() ? YAML::Node() : documents.front();
}

}  // namespace latchkey::config
