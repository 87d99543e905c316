#include "platform/config/yaml.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <system_error>
#include <vector>

namespace latchkey::config {
namespace {

constexpr std::string_view kUnknownAnchor = "the referenced anchor is not defined";

std::string why_unreadable(int reason) {
  switch (reason) {
    case ENOENT:
    case ENOTDIR:
      return "there is no such file";
    case EISDIR:
      return "it is a folder";
    case EACCES: {
      const passwd* user = getpwuid(geteuid());
      return fmt::format("this user ({}) may not read it",
                         user != nullptr ? user->pw_name : std::to_string(geteuid()));
    }
    default:
      return std::generic_category().message(reason);
  }
}

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

// Not a stream: those do not tell an error from the end of the file.
std::expected<std::string, std::string> read_file(const std::string& path, std::size_t max) {
  const std::unique_ptr<std::FILE, decltype([](std::FILE* open) { std::fclose(open); })> file(
      std::fopen(path.c_str(), "rb"));
  if (!file) return std::unexpected(why_unreadable(errno));
  std::string text;
  std::array<char, 4096> part;
  while (const std::size_t size =
             std::fread(part.data(), 1, std::min(part.size(), max - text.size()), file.get())) {
    text.append(part.data(), size);
  }
  if (std::ferror(file.get()) != 0) return std::unexpected(why_unreadable(errno));
  return text;
}

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
