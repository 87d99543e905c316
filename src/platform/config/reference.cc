#include <fmt/format.h>

#include <set>

#include "platform/config/config.h"
#include "platform/config/value.h"

namespace latchkey::config {
namespace {

std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string default_of(const Option& option) {
  if (option.required) return "required";
  return has_content(option.value) ? fmt::format("`{}`", cell(show_yaml(option.value))) : "none";
}

void write_row(std::string& out, const std::string& prefix, const Option& option) {
  std::string name = fmt::format("`{}{}`", prefix, option.name);
  if (std::holds_alternative<Secret*>(option.value))
    name += fmt::format(", `{0}{1}_file` or `{0}{1}_env`", prefix, option.name);
  out += fmt::format("| {} | {} | {} | {} | {} |\n", name, cell(type_name(option.value)),
                     default_of(option), cell(show_range(option)), cell(option.sentence));
}

constexpr std::string_view kHead =
    "\n| Option | Takes | Default | Bounds | What it does |\n|---|---|---|---|---|\n";

// What the kinds before have too stands with the first.
void write_list(std::string& out, const std::string& prefix, const GroupList& list) {
  out += fmt::format("\n## {}{}\n\n{}\n", prefix, list.name, list.sentence);
  std::set<std::string> seen;
  bool first = true;
  list.each_kind([&](const Group& kind) {
    bool any = false;
    for (const auto& member : kind.members) {
      const auto& option = std::get<Option>(member);
      if (option.chooses && !first) {
        out += fmt::format("\nAlso, with `{}: {}`:\n", option.name, show_yaml(option.value));
      }
      if (!seen.insert(option.name).second) continue;
      if (!any) out += kHead;
      any = true;
      write_row(out, "", option);
    }
    first = false;
  });
}

void write_group(std::string& out, const std::string& prefix, const Group& group) {
  bool any = false;
  for (const auto& member : group.members) {
    if (const auto* option = std::get_if<Option>(&member)) {
      if (!any) out += kHead;
      any = true;
      write_row(out, prefix, *option);
    }
  }
  for (const auto& member : group.members) {
    if (const auto* list = std::get_if<GroupList>(&member)) write_list(out, prefix, *list);
  }
  for (const auto& member : group.members) {
    if (const auto* child = std::get_if<Group>(&member)) {
      out += fmt::format("\n## {}{}\n\n{}\n", prefix, child->name, child->sentence);
      write_group(out, prefix + child->name + ".", *child);
    }
  }
}

}  // namespace

std::string reference_tree(const Group& root) {
  std::string out;
  write_group(out, "", root);
  return out;
}

}  // namespace latchkey::config
