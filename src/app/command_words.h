#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Rules of the command line that need no parser, pure.
namespace latchkey::app {

// A command as its words stand on the line, with the names of its options: "user create" and
// {"password-stdin", "admin"}.
struct CommandWords {
  std::string_view name;
  std::vector<std::string_view> options;
  // Those that are followed by a value.
  std::vector<std::string_view> with_value;
};

// What is wrong with the words of a command line: a command that is not there, with the nearest
// one; an option that this command has not; a group without its second word, with all of them.
// Absent: nothing, as far as words go.
std::optional<std::string> wrong_words(std::span<const CommandWords> commands,
                                       std::span<const std::string_view> arguments);

// Which configuration file is used without --config: that of LATCHKEY_CONFIG, or else the first
// that exists. The installed one comes before one in the current folder: there somebody else may
// have put it.
std::string default_config_file(const char* from_environment,
                                const std::function<bool(const char*)>& exists);
inline constexpr const char* kInstalledConfig = "/etc/latchkey/latchkey.yaml";
inline constexpr const char* kLocalConfig = "latchkey.yaml";

// A password as it came as a line: without its end, which on some systems is CRLF. Absent: there
// is none.
std::optional<std::string> password_of_line(std::string line);

}  // namespace latchkey::app
