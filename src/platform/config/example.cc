#include <fmt/format.h>

#include <set>

#include "platform/config/config.h"
#include "platform/config/value.h"

namespace latchkey::config {
namespace {

constexpr std::size_t kColumns = 100;

// `text` as comment lines that break between words.
void comment(std::string& out, const std::string& indent, std::string_view text) {
  std::string line = indent + "#";
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (line.size() + 1 + word.size() > kColumns && line.size() > indent.size() + 1) {
      out += line + "\n";
      line = indent + "#";
    }
    line.append(" ").append(word);
  }
  out += line + "\n";
}

// The second sentence of an option's comment: what it takes.
std::string takes(const Option& option) {
  std::string type = type_name(option.value);
  type[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(type[0])));
  const std::string range = show_range(option);
  return range.empty() ? type + "." : fmt::format("{}, {}.", type, range);
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

void write_option(std::string& out, const std::string& indent, const Option& option) {
  comment(out, indent, option.sentence + " " + takes(option));
  if (std::holds_alternative<Secret*>(option.value)) {
    const std::string off = option.required ? "" : "# ";
    out +=
        fmt::format("{0}# {1}: …\n{0}# {1}_env: {2}\n{0}{3}{1}_file: {4}\n", indent, option.name,
                    upper(option.name), off, option.example.empty() ? option.name : option.example);
  } else if (has_content(option.value)) {
    out += fmt::format("{}{}: {}\n", indent, option.name, show_yaml(option.value));
  } else if (!option.example.empty()) {
    const std::string off = option.required ? "" : "# ";
    out += fmt::format("{}{}{}: {}\n", indent, off, option.name, option.example);
  } else {
    out += fmt::format("{}# {}: {}\n", indent, option.name, show_yaml(option.value));
  }
}

void write_group(std::string& out, const std::string& indent, const Group& group);

// One entry of each kind, as a comment: with the options that the kinds before have not.
void write_list(std::string& out, const std::string& indent, const GroupList& list) {
  comment(out, indent, list.sentence);
  out += fmt::format("{}# {}:\n", indent, list.name);
  std::set<std::string> seen;
  list.each_kind([&](const Group& kind) {
    const std::string inside = indent + "#     ";
    out += fmt::format("{}#   -\n", indent);
    for (const auto& member : kind.members) {
      const auto& option = std::get<Option>(member);
      if (!option.chooses && !seen.insert(option.name).second) continue;
      write_option(out, inside, option);
    }
  });
}

void write_group(std::string& out, const std::string& indent, const Group& group) {
  bool first = true;
  for (const auto& member : group.members) {
    if (!first) out += "\n";
    first = false;
    if (const auto* option = std::get_if<Option>(&member)) {
      write_option(out, indent, *option);
      continue;
    }
    if (const auto* list = std::get_if<GroupList>(&member)) {
      write_list(out, indent, *list);
      continue;
    }
    const auto& child = std::get<Group>(member);
    comment(out, indent, child.sentence);
    out += fmt::format("{}{}:\n", indent, child.name);
    write_group(out, indent + "  ", child);
  }
}

}  // namespace

std::string example_tree(const Group& root) {
  std::string out;
  write_group(out, "", root);
  return out;
}

}  // namespace latchkey::config
