#include "platform/config/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <vector>

namespace latchkey::config {
namespace {

constexpr std::string_view kUnknownAnchor = "the referenced anchor is not defined";

}  // namespace

// Not a stream: those do not tell an error from the end of the file.
std::optional<std::string> read_file(const std::string& path, std::size_t max) {
  const std::unique_ptr<std::FILE, decltype([](std::FILE* open) { std::fclose(open); })> file(
      std::fopen(path.c_str(), "rb"));
  if (!file) return std::nullopt;
  std::string text;
  std::array<char, 4096> part;
  while (const std::size_t size =
             std::fread(part.data(), 1, std::min(part.size(), max - text.size()), file.get())) {
    text.append(part.data(), size);
  }
  if (std::ferror(file.get()) != 0) return std::nullopt;
  return text;
}

std::expected<YAML::Node, std::string> parse_yaml(const std::string& yaml) {
  std::vector<YAML::Node> documents;
  try {
    documents = YAML::LoadAll(yaml);
  } catch (const YAML::Exception& fault) {
    // Of an anchor that is not there yaml-cpp says the name: of a token that begins with "*" all.
    const auto end = fault.msg.starts_with(kUnknownAnchor) ? kUnknownAnchor.size() : fault.msg.npos;
    return std::unexpected(fmt::format("line {}: this is not YAML: {}", fault.mark.line + 1,
                                       std::string_view(fault.msg).substr(0, end)));
  }
  if (documents.size() > 1) {
    return std::unexpected("the file holds several YAML documents ('---')");
  }
  return documents.empty() ? YAML::Node() : documents.front();
}

}  // namespace latchkey::config
