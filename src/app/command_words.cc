#include "app/command_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "platform/config/suggestion.h"

namespace latchkey::app {
namespace {

using Words = std::vector<std::string>;

// Options that every command has.
constexpr std::string_view kWithValue[] = {"config"};
constexpr std::string_view kFlags[] = {"json", "help", "help-all", "version"};

std::string_view first_word(std::string_view name) { return name.substr(0, name.find(' ')); }

std::string_view second_word(std::string_view name) {
  const auto space = name.find(' ');
  return space == name.npos ? "" : name.substr(space + 1);
}

bool is_option(std::string_view argument) { return argument.starts_with('-'); }

// "--config=FILE" without its dashes and value.
std::string_view option_name(std::string_view argument) {
  argument.remove_prefix(std::min(argument.find_first_not_of('-'), argument.size()));
  return argument.substr(0, argument.find('='));
}

template <class Names>
bool has(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != std::ranges::end(names);
}

// Whether the word after this one is its value.
bool takes_next(const CommandWords* command, std::string_view argument) {
  if (argument.find('=') != argument.npos) return false;
  const auto name = option_name(argument);
  return has(kWithValue, name) || (command != nullptr && has(command->with_value, name));
}

struct Line {
  std::vector<std::string_view> words;
  std::vector<std::string_view> options;  // long ones, as typed
  bool asks_for_help = false;
};

Line read(std::span<const std::string_view> arguments, const CommandWords* command) {
  Line line;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--") {
      for (++i; i < arguments.size(); ++i) line.words.push_back(arguments[i]);
      break;
    }
    if (!is_option(argument)) {
      line.words.push_back(argument);
      continue;
    }
    if (argument.starts_with("--")) line.options.push_back(argument);
    if (argument == "-h" || argument == "--help" || argument == "--help-all" ||
        argument == "--version") {
      line.asks_for_help = true;
    }
    if (takes_next(command, argument)) ++i;
  }
  return line;
}

std::string no_command(std::string_view typed, const std::optional<std::string>& meant) {
  std::string sentence = fmt::format("there is no command '{}'", typed);
  return sentence + (meant ? fmt::format(", did you mean '{}'?", *meant)
                           : std::string("; see: latchkey --help"));
}

// "create user" for "user create".
std::optional<std::string> the_other_way_round(std::span<const CommandWords> commands,
                                               const std::vector<std::string_view>& words) {
  for (const CommandWords& command : commands) {
    const auto second = second_word(command.name);
    if (second.empty() || second != words.front()) continue;
    if (words.size() > 1 && words[1] != first_word(command.name)) continue;
    return std::string(command.name);
  }
  return std::nullopt;
}

std::optional<std::string> wrong_option(const CommandWords& command, const Line& line) {
  for (const std::string_view typed : line.options) {
    const auto name = option_name(typed);
    if (has(command.options, name) || has(kWithValue, name) || has(kFlags, name)) continue;
    Words all(command.options.begin(), command.options.end());
    all.insert(all.end(), {"config", "json", "help"});
    const auto meant = config::suggest(name, all);
    return fmt::format("'{}' has no option '--{}'{}", command.name, name,
                       meant ? fmt::format(", did you mean '--{}'?", *meant)
                             : fmt::format("; see: latchkey {} --help", command.name));
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> wrong_words(std::span<const CommandWords> commands,
                                       std::span<const std::string_view> arguments) {
  const Line line = read(arguments, nullptr);
  if (line.words.empty()) {
    if (line.asks_for_help) return std::nullopt;
    return "what is to be done? See: latchkey --help";
  }
  const std::string_view first = line.words.front();
  Words groups;
  Words seconds;
  for (const CommandWords& command : commands) {
    if (!has(groups, first_word(command.name))) groups.emplace_back(first_word(command.name));
    if (first_word(command.name) == first && !second_word(command.name).empty()) {
      seconds.emplace_back(second_word(command.name));
    }
  }
  if (!has(groups, first)) {
    auto meant = the_other_way_round(commands, line.words);
    if (!meant) meant = config::suggest(first, groups);
    return no_command(first, meant);
  }
  std::string name(first);
  if (!seconds.empty()) {
    if (line.words.size() == 1) {
      if (line.asks_for_help) return std::nullopt;
      return fmt::format("'{}' needs one more word: {}", first, fmt::join(seconds, ", "));
    }
    const std::string_view second = line.words[1];
    if (!has(seconds, second)) {
      const auto meant = config::suggest(second, seconds);
      if (meant) return no_command(fmt::format("{} {}", first, second), name + " " + *meant);
      return fmt::format("there is no command '{} {}'; after '{}' comes one of {}", first, second,
                         first, fmt::join(seconds, ", "));
    }
    name.append(" ").append(second);
  }
  const auto command = std::ranges::find(commands, name, &CommandWords::name);
  return wrong_option(*command, read(arguments, &*command));
}

std::string default_config_file(const char* from_environment,
                                const std::function<bool(const char*)>& exists) {
  if (from_environment != nullptr && *from_environment != '\0') return from_environment;
  for (const char* path : {kInstalledConfig, kLocalConfig}) {
    if (exists(path)) return path;
  }
  return kInstalledConfig;
}

std::optional<std::string> password_of_line(std::string line) {
  while (line.ends_with('\n')) line.pop_back();
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) return std::nullopt;
  return line;
}

}  // namespace latchkey::app
