#include "endpoints/admin/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace latchkey::admin {
namespace {

constexpr std::size_t kLongestUnixName = 64;

const std::vector<Command>& table() {
  static const std::vector<Command> all = [] {
    std::vector<Command> commands;
    for (auto subject : {listing_commands(), user_commands(), threepid_commands(),
                         session_commands(), registration_token_commands(), upkeep_commands(),
                         homeserver_commands(), provider_commands()}) {
      std::ranges::move(subject, std::back_inserter(commands));
    }
    return commands;
  }();
  return all;
}

}  // namespace

std::span<const Command> commands() { return table(); }

accounts::Operator at_the_command_line(std::string_view user) {
  std::string name;  // an environment variable can hold anything
  for (const char c : user.substr(0, kLongestUnixName)) {
    name += c > ' ' && c <= '~' ? c : '?';
  }
  return {fmt::format("command line ({})", name), "local"};
}

Task<Answer> run(const Operations& operations, const accounts::Operator& by, std::string_view name,
                 const boost::json::object& arguments) {
  const auto found = std::ranges::find(table(), name, &Command::name);
  if (found == table().end()) co_return fail(fmt::format("there is no command '{}'", name));
  for (const Argument& argument : found->arguments) {
    const std::string_view key =
        argument.kind == Argument::Kind::password_stdin ? "password" : argument.name;
    if (argument.required && !arguments.contains(key))
      co_return fail(fmt::format("{} is missing", key));
  }
  const Call call{operations, by, arguments};
  co_return co_await found->run(call);
}

}  // namespace latchkey::admin
