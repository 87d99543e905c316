#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "platform/config/config.h"
#include "platform/config/file.h"
#include "platform/config/suggestion.h"
#include "platform/config/value.h"
#include "platform/config/yaml.h"

namespace latchkey::config {
namespace {

// By which other names a secret is given: in a file of its own, or in the environment.
constexpr std::string_view kFileSuffix = "_file";
constexpr std::string_view kEnvironmentSuffix = "_env";
constexpr std::array<std::string_view, 3> kSecretForms{"", kFileSuffix, kEnvironmentSuffix};

bool is_secret(const Option& option) { return std::holds_alternative<Secret*>(option.value); }

// POSIX.1-2017 section 8.1 (in both cases of letters).
bool is_variable(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
         std::ranges::all_of(name, good);
}

const std::string& name_of(const Member& member) {
  return std::visit([](const auto& of) -> const std::string& { return of.name; }, member);
}

// The first option or group of that name anywhere below `group`, with its path.
std::optional<std::string> find_anywhere(const Group& group, const std::string& name,
                                         const std::string& path) {
  for (const auto& member : group.members) {
    if (name_of(member) == name) return path + name;
    if (const auto* child = std::get_if<Group>(&member)) {
      if (auto found = find_anywhere(*child, name, path + child->name + ".")) return found;
    }
  }
  return std::nullopt;
}

std::string entry_path(const std::string& list, std::size_t i) {
  return fmt::format("{}[{}]", list, i);
}

class Loader {
 public:
  Loader(const Group& root, std::filesystem::path folder, Reading reading)
      : root_(root), folder_(std::move(folder)), reading_(reading) {}

  std::expected<Lines, Errors> load(const YAML::Node& document) {
    read_group(root_, document, "");
    if (errors_.empty() && reading_ == Reading::whole) check_rules(root_, "");
    if (!errors_.empty()) return std::unexpected(std::move(errors_));
    return std::move(lines_);
  }

 private:
  void refuse(const YAML::Node& at, const std::string& path, std::string_view wrong) {
    errors_.push_back(fmt::format("line {}: {}: {}", at.Mark().line + 1, path, wrong));
  }

  void read_group(const Group& group, const YAML::Node& node, const std::string& prefix) {
    std::set<std::string> seen;
    if (node.IsMap()) {
      for (const auto& entry : node) read_entry(group, entry.first, entry.second, prefix, seen);
    } else if (node.IsDefined() && !node.IsNull()) {
      const std::string path = prefix.empty() ? "the file" : prefix.substr(0, prefix.size() - 1);
      refuse(node, path, "expected options, each as 'name: value'");
      return;
    }
    for (const auto& member : group.members) check_missing(member, prefix, seen);
  }

  void read_entry(const Group& group, const YAML::Node& key, const YAML::Node& value,
                  const std::string& prefix, std::set<std::string>& seen) {
    if (!key.IsScalar()) {
      refuse(key, prefix.empty() ? "the file" : prefix, "a name of an option must be a plain text");
      return;
    }
    const std::string& name = key.Scalar();
    const std::string path = prefix + name;
    if (!seen.insert(name).second) {
      refuse(key, path, "is there twice");
      return;
    }
    lines_.emplace(path, key.Mark().line + 1);
    for (const auto& member : group.members) {
      if (const auto* child = std::get_if<Group>(&member)) {
        if (child->name == name) return read_group(*child, value, path + ".");
        continue;
      }
      if (const auto* list = std::get_if<GroupList>(&member)) {
        if (list->name == name) return read_entries(*list, value, path);
        continue;
      }
      const auto& option = std::get<Option>(member);
      if (is_secret(option)) {
        if (const auto form = form_of(option, name)) {
          if (given_twice(option, seen)) {
            refuse(key, path, "a secret is given in one way: itself, by _file or by _env");
          } else if (*form == kFileSuffix) {
            read_secret_file(option, key, value, path);
          } else if (*form == kEnvironmentSuffix) {
            read_secret_of_environment(option, key, value, path);
          } else {
            read_option(option, key, value, path);
          }
          return;
        }
      } else if (option.name == name) {
        return read_option(option, key, value, path);
      }
    }
    refuse(key, path, "there is no such option" + hint(group, name));
  }

  void read_entries(const GroupList& list, const YAML::Node& node, const std::string& path) {
    if (!node.IsSequence()) {
      return refuse(node, path, "expected a list, each entry as '- name: value'");
    }
    list.clear();
    for (const auto& entry : node) {
      const std::size_t i = list.size();
      list.add();
      const std::string at = entry_path(path, i);
      lines_.emplace(at, entry.Mark().line + 1);
      if (!entry.IsMap()) {
        refuse(entry, at, "expected options, each as 'name: value'");
        continue;
      }
      choose(list.entry(i), entry);
      read_group(list.entry(i), entry, at + ".");
    }
  }

  // Gives the option its value that the others follow from; what is wrong with it is said when they
  // are read.
  static void choose(const Group& group, const YAML::Node& entry) {
    for (const auto& member : group.members) {
      const auto* option = std::get_if<Option>(&member);
      if (option == nullptr || !option->chooses) continue;
      for (const auto& pair : entry) {
        if (pair.first.IsScalar() && pair.first.Scalar() == option->name &&
            pair.second.IsScalar()) {
          read_scalar(option->value, pair.second.Scalar());
        }
      }
    }
  }

  std::string hint(const Group& group, const std::string& name) const {
    std::vector<std::string> names;
    for (const auto& member : group.members) {
      names.push_back(name_of(member));
      const auto* option = std::get_if<Option>(&member);
      if (option == nullptr || !is_secret(*option)) continue;
      for (const auto form : {kFileSuffix, kEnvironmentSuffix}) {
        names.push_back(option->name + std::string(form));
      }
    }
    auto meant = suggest(name, names);
    if (const auto elsewhere = find_anywhere(root_, name, ""); elsewhere) meant = elsewhere;
    return meant ? fmt::format(", did you mean '{}'?", *meant) : "";
  }

  // In which form `name` gives the secret; absent: it is another option's.
  static std::optional<std::string_view> form_of(const Option& option, const std::string& name) {
    for (const auto form : kSecretForms) {
      if (name == option.name + std::string(form)) return form;
    }
    return std::nullopt;
  }

  static std::ptrdiff_t forms_given(const Option& option, const std::set<std::string>& seen) {
    return std::ranges::count_if(kSecretForms, [&](std::string_view form) {
      return seen.contains(option.name + std::string(form));
    });
  }
  static bool given_twice(const Option& option, const std::set<std::string>& seen) {
    return forms_given(option, seen) > 1;
  }

  void read_option(const Option& option, const YAML::Node& key, const YAML::Node& value,
                   const std::string& path) {
    if (value.IsNull()) return refuse(key, path, "has no value" + instead(option));
    if (auto* const* list = std::get_if<std::vector<std::string>*>(&option.value)) {
      if (!read_list(**list, value, path)) return;
    } else if (auto* const* paths = std::get_if<std::vector<Path>*>(&option.value)) {
      if (!read_list(**paths, value, path)) return;
    } else if (!value.IsScalar()) {
      return refuse(value, path, "expected " + type_name(option.value));
    } else if (const auto wrong = read_scalar(option.value, value.Scalar(), option.range)) {
      return refuse(value, path, *wrong);
    }
    finish(option, value, path);
  }

  template <class Entry>
  bool read_list(std::vector<Entry>& into, const YAML::Node& node, const std::string& path) {
    if (!node.IsSequence()) {
      const std::string one = node.IsScalar() && !node.Scalar().empty() ? node.Scalar() : "first";
      refuse(node, path,
             fmt::format("expected a list, try '{}'", show_yaml(std::vector<std::string>{one})));
      return false;
    }
    into.clear();
    for (const auto& entry : node) {
      if (!entry.IsScalar() || entry.Scalar().empty()) {
        refuse(entry, path, "expected a text in each place of the list");
        return false;
      }
      if (const auto wrong = read_scalar(&into.emplace_back(), entry.Scalar())) {
        refuse(entry, path, *wrong);
        return false;
      }
    }
    return true;
  }

  void read_secret_file(const Option& option, const YAML::Node& key, const YAML::Node& value,
                        const std::string& path) {
    if (!value.IsScalar() || value.Scalar().empty()) {
      return refuse(key, path, "expected the path of a file");
    }
    const auto file = folder_ / value.Scalar();
    auto text = read_file(file.string());
    if (!text) {
      return refuse(value, path, fmt::format("cannot read '{}': {}", file.string(), text.error()));
    }
    if (text->ends_with('\n')) text->pop_back();
    if (text->ends_with('\r')) text->pop_back();
    if (text->empty()) return refuse(value, path, fmt::format("'{}' is empty", file.string()));
    *std::get<Secret*>(option.value) = Secret(std::move(*text));
    finish(option, value, path);
  }

  void read_secret_of_environment(const Option& option, const YAML::Node& key,
                                  const YAML::Node& value, const std::string& path) {
    if (!value.IsScalar() || !is_variable(value.Scalar())) {
      return refuse(key, path, "expected the name of an environment variable");
    }
    const std::string& name = value.Scalar();
    const char* const text = std::getenv(name.c_str());
    if (text == nullptr || *text == '\0') {
      if (reading_ == Reading::to_find_the_server) return;
      return refuse(value, path,
                    fmt::format("the environment variable '{}' {}", name,
                                text == nullptr ? "is not set" : "is empty"));
    }
    *std::get<Secret*>(option.value) = Secret(std::string_view(text));
    finish(option, value, path);
  }

  // What is left to do once a value has been read.
  void finish(const Option& option, const YAML::Node& value, const std::string& path) {
    if (const auto wrong = check_range(option)) return refuse(value, path, *wrong);
    if (option.required && !is_secret(option) && !has_content(option.value)) {
      return refuse(value, path, "must not be empty");
    }
    if (auto* const* file = std::get_if<Path*>(&option.value)) resolve(**file);
    if (auto* const* files = std::get_if<std::vector<Path>*>(&option.value)) {
      for (Path& file : **files) resolve(file);
    }
  }

  void resolve(Path& path) const {
    if (!path.empty()) path.value = (folder_ / path.value).lexically_normal().string();
  }

  void check_missing(const Member& member, const std::string& prefix,
                     const std::set<std::string>& seen) {
    if (std::holds_alternative<GroupList>(member)) return;
    if (const auto* group = std::get_if<Group>(&member)) {
      if (!seen.contains(group->name)) read_group(*group, YAML::Node(), prefix + group->name + ".");
      return;
    }
    const auto& option = std::get<Option>(member);
    if (!option.required || seen.contains(option.name)) return;
    if (is_secret(option)) {
      if (forms_given(option, seen) > 0) return;
      errors_.push_back(
          fmt::format("{0}{1}: is required; give {1}, {1}_file or {1}_env", prefix, option.name));
    } else {
      errors_.push_back(
          fmt::format("{}{}: is required{}", prefix, option.name, instead(option, true)));
    }
  }

  void check_rules(const Group& group, const std::string& path) {
    if (group.problems) {
      for (const auto& problem : group.problems()) {
        errors_.push_back(located(lines_, path_of(group, path, problem)));
      }
    }
    for (const auto& member : group.members) {
      const std::string below = path.empty() ? name_of(member) : path + "." + name_of(member);
      if (const auto* child = std::get_if<Group>(&member)) check_rules(*child, below);
      if (const auto* list = std::get_if<GroupList>(&member)) {
        for (std::size_t i = 0; i < list->size(); ++i) {
          check_rules(list->entry(i), entry_path(below, i));
        }
      }
    }
  }

  // "http" and "threads: …" make "http.threads: …"; a sentence without a member's name comes
  // after the group's.
  static std::string path_of(const Group& group, const std::string& path,
                             const std::string& problem) {
    if (path.empty()) return problem;
    const std::string first = problem.substr(0, problem.find(": "));
    const bool member = std::ranges::find(group.members, first, name_of) != group.members.end();
    return fmt::format("{}{}{}", path, member ? "." : ": ", problem);
  }

  // What to write, if the option says what it looks like.
  static std::string instead(const Option& option, bool with_name = false) {
    if (is_secret(option)) return "";
    const std::string text = option.required || !has_content(option.value)
                                 ? std::string(option.example)
                                 : show_yaml(option.value);
    if (text.empty()) return "";
    return fmt::format(", try '{}{}'", with_name ? option.name + ": " : "", text);
  }

  const Group& root_;
  std::filesystem::path folder_;
  Reading reading_;
  Lines lines_;
  Errors errors_;
};

// Every option of a tree with its path.
template <class Visit>
void each_option(const Group& group, const std::string& path, const Visit& visit) {
  for (const auto& member : group.members) {
    if (const auto* child = std::get_if<Group>(&member)) {
      each_option(*child, path + child->name + ".", visit);
    } else if (const auto* list = std::get_if<GroupList>(&member)) {
      for (std::size_t i = 0; i < list->size(); ++i) {
        each_option(list->entry(i), entry_path(path + list->name, i) + ".", visit);
      }
    } else {
      const auto& option = std::get<Option>(member);
      visit(path + option.name, option);
    }
  }
}

std::string content_of(const Option& option) {
  const auto* secret = std::get_if<Secret*>(&option.value);
  return secret != nullptr ? std::string((*secret)->reveal()) : show_yaml(option.value);
}

}  // namespace

std::string located(const Lines& lines, std::string sentence) {
  std::string_view path(sentence.data(), std::min(sentence.find(':'), sentence.size()));
  while (!path.empty()) {
    if (const auto found = lines.find(path); found != lines.end()) {
      return fmt::format("line {}: {}", found->second, sentence);
    }
    const auto dot = path.rfind('.');
    path = path.substr(0, dot == path.npos ? 0 : dot);
  }
  return sentence;
}

std::vector<std::string> differences_of_trees(const Group& before, const Group& after) {
  std::map<std::string, std::string> was;
  each_option(before, "", [&](const std::string& path, const Option& option) {
    was[path] = content_of(option);
  });
  std::vector<std::string> result;
  each_option(after, "", [&](const std::string& path, const Option& option) {
    const auto before_it = was.extract(path);
    if (before_it.empty() || before_it.mapped() != content_of(option)) result.push_back(path);
  });
  // Of entries that are there no more.
  for (const auto& [path, content] : was) result.push_back(path);
  return result;
}

std::map<std::string, std::string> values_of_tree(const Group& root) {
  std::map<std::string, std::string> values;
  each_option(root, "", [&](const std::string& path, const Option& option) {
    if (!std::holds_alternative<Secret*>(option.value)) values[path] = show_yaml(option.value);
  });
  return values;
}

std::expected<Lines, Errors> load_tree(const std::string& yaml, const std::string& folder,
                                       const Group& root, Reading reading) {
  const auto document = parse_yaml(yaml);
  if (!document) return std::unexpected(Errors{document.error()});
  return Loader(root, folder, reading).load(*document);
}

std::expected<Lines, Errors> load_tree_file(const std::string& path, const Group& root,
                                            Reading reading) {
  const auto text = read_file(path);
  if (!text) return std::unexpected(Errors{"cannot be read: " + text.error()});
  return load_tree(*text, std::filesystem::absolute(path).parent_path().string(), root, reading);
}

}  // namespace latchkey::config
