#include "app/command_line.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <list>
#include <string>
#include <thread>

#include "app/ask_password.h"
#include "app/command_client.h"
#include "app/command_docs.h"
#include "app/command_words.h"
#include "app/config.h"
#include "app/core.h"
#include "app/doctor.h"
#include "app/homeserver_config.h"
#include "app/operator_name.h"
#include "app/preflight.h"
#include "app/restore.h"
#include "app/serve.h"
#include "endpoints/admin/commands.h"
#include "platform/config/config.h"

namespace latchkey::app {
namespace {

namespace json = boost::json;
using admin::Argument;
using admin::Command;

// A server that is starting or stopping has the database, but no open socket.
constexpr auto kPatience = std::chrono::seconds{15};
constexpr auto kBetweenTries = std::chrono::milliseconds{50};
constexpr int kWrongCommandLine = 2;

// What the options of one command are parsed into. Lives as long as the parser.
struct Parsed {
  std::vector<Argument> taken;       // what it takes
  const Command* command = nullptr;  // absent: one of own_commands()
  std::map<std::string, std::string, std::less<>> texts;
  std::map<std::string, bool, std::less<>> flags;
  std::map<std::string, std::vector<std::string>, std::less<>> lists;
};

struct Common {
  std::string config_file;
  bool json = false;
};

void add_common(CLI::App& app, Common& common) {
  app.add_option("--config", common.config_file,
                 "the configuration file; without it that of the variable LATCHKEY_CONFIG, "
                 "/etc/latchkey/latchkey.yaml, or latchkey.yaml in the current folder");
  app.add_flag("--json", common.json, "print the result as JSON");
}

// "user create" becomes the subcommand create of user.
CLI::App& subcommand(CLI::App& root, Common& common, std::string_view name,
                     std::string_view sentence) {
  const auto space = name.find(' ');
  if (space == name.npos) {
    CLI::App& app = *root.add_subcommand(std::string(name), std::string(sentence));
    add_common(app, common);
    return app;
  }
  const std::string group(name.substr(0, space));
  const auto groups = root.get_subcommands(
      [&group](const CLI::App* candidate) { return candidate->get_name() == group; });
  CLI::App* parent = groups.empty() ? nullptr : groups.front();
  if (parent == nullptr) {
    parent = root.add_subcommand(group, "See: latchkey " + group + " --help");
    parent->require_subcommand(1);
    add_common(*parent, common);
  }
  return subcommand(*parent, common, name.substr(space + 1), sentence);
}

void add_argument(CLI::App& app, const Argument& argument, Parsed& parsed) {
  const std::string name(argument.name);
  const std::string sentence(argument.sentence);
  switch (argument.kind) {
    case Argument::Kind::positional:
      app.add_option(name, parsed.texts[name], sentence)->required(argument.required);
      break;
    case Argument::Kind::positionals:
      app.add_option(name, parsed.lists[name], sentence)->required(argument.required);
      break;
    case Argument::Kind::option:
      app.add_option("--" + name, parsed.texts[name], sentence)->required(argument.required);
      break;
    case Argument::Kind::options:
      app.add_option("--" + name, parsed.lists[name], sentence)
          ->required(argument.required)
          ->allow_extra_args(false);
      break;
    case Argument::Kind::flag:
    case Argument::Kind::password_stdin:  // a terminal is asked without it
      app.add_flag("--" + name, parsed.flags[name], sentence);
      break;
  }
}

// The password that a command takes, if one is given: the first line of standard input, or what a
// person types there.
std::expected<std::optional<std::string>, std::string> password_for(const Argument& argument,
                                                                    bool from_stdin) {
  if (person_at_standard_input()) {
    const bool needed = argument.required || from_stdin;
    auto typed = ask_new_password(needed ? "New password" : "New password (none: press Enter)");
    if (!typed) return std::unexpected(typed.error());
    if (!typed->empty()) return std::move(*typed);
    if (needed) return std::unexpected("no password was given; nothing was done");
    return std::nullopt;
  }
  if (!from_stdin) {
    if (!argument.required) return std::nullopt;
    return std::unexpected("give --password-stdin, and the password as one line of standard input");
  }
  return read_password();
}

std::expected<json::object, std::string> arguments_of(const Parsed& parsed) {
  json::object arguments;
  const auto value_of = [&parsed](const std::string& name, const std::string& text) {
    const auto of = std::ranges::find(parsed.taken, name, &Argument::name);
    const bool path = of != parsed.taken.end() && of->path;
    return path ? std::filesystem::absolute(text).lexically_normal().string() : text;
  };
  for (const auto& [name, text] : parsed.texts) {
    if (!text.empty()) arguments[name] = value_of(name, text);
  }
  for (const auto& [name, texts] : parsed.lists) {
    json::array list;
    for (const std::string& text : texts) list.emplace_back(value_of(name, text));
    if (!list.empty()) arguments[name] = std::move(list);
  }
  for (const Argument& argument : parsed.taken) {
    const auto flag = parsed.flags.find(argument.name);
    const bool given = flag != parsed.flags.end() && flag->second;
    if (argument.kind == Argument::Kind::password_stdin) {
      auto password = password_for(argument, given);
      if (!password) return std::unexpected(password.error());
      if (*password) arguments["password"] = **password;
    } else if (given) {
      arguments[argument.name] = true;
    }
  }
  return arguments;
}

int refuse(const std::string& sentence, bool as_json) {
  if (as_json) {
    std::cout << json::serialize(json::object{{"error", sentence}}) << "\n";
  } else {
    std::cerr << "latchkey: " << sentence << "\n";
  }
  return 1;
}

int refuse_config(const config::Errors& errors, const Common& common) {
  std::string sentences;
  for (const std::string& error : errors) {
    if (!sentences.empty()) sentences += "\n";
    sentences += common.config_file + ": " + error;
  }
  return refuse(sentences, common.json);
}

// Runs a command to its end, on this thread.
admin::Answer finish(Task<admin::Answer> command) {
  boost::asio::io_context context;
  admin::Answer answer;
  std::exception_ptr fault;
  boost::asio::co_spawn(context, std::move(command),
                        [&](std::exception_ptr thrown, admin::Answer value) {
                          fault = thrown;
                          answer = std::move(value);
                        });
  context.run();
  if (fault) std::rethrow_exception(fault);
  return answer;
}

Task<admin::Answer> list_replaced_keys(const Core& core, const accounts::Operator& by) {
  co_await core.administration->record(by, "keys replace", "server keys");
  const admin::Operations operations = core.operations();
  const json::object arguments;
  co_return co_await admin::run(operations, by, "keys list", arguments);
}

// A peer that hangs up is an error like others, as in serve(): libldap and OpenSSL write without
// MSG_NOSIGNAL. Afterwards the command's own output ends with whoever reads it.
class WithoutSigpipe {
 public:
  WithoutSigpipe() : before_(std::signal(SIGPIPE, SIG_IGN)) {}
  ~WithoutSigpipe() { std::signal(SIGPIPE, before_); }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

 private:
  void (*const before_)(int);
};

// In this process, for no server runs: with the database's lock, and quietly.
admin::Answer run_here(Config config, const Command& command, const json::object& arguments) {
  const WithoutSigpipe quiet;
  config.log.level = telemetry::Level::error;
  const auto by = admin::at_the_command_line(who_types());
  if (command.name == "keys replace") {
    // Without its key file nothing else of the service can be opened.
    const Core core(config, 1, Core::Purpose::replace_keys);
    return finish(list_replaced_keys(core, by));
  }
  Core core(config, 1, Core::Purpose::command);
  const admin::Operations operations = core.operations();
  admin::Answer answer = finish(admin::run(operations, by, command.name, arguments));
  core.close();
  return answer;
}

// In the server, or here when none runs. One that is just starting or stopping is waited for.
admin::Answer run_anywhere(const Config& config, const Command& command,
                           const json::object& arguments) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  const std::string socket = config.socket_path();
  while (true) {
    if (!socket.empty()) {
      if (auto answer = run_in_server(socket, command.name, arguments)) return std::move(*answer);
    }
    try {
      return run_here(config, command, arguments);
    } catch (const db::Locked&) {
      if (std::chrono::steady_clock::now() >= until) throw;
    }
    std::this_thread::sleep_for(kBetweenTries);
  }
}

// Where this shell has not all of what the server was started with, such as secrets of its
// environment. Absent: no server runs.
std::optional<admin::Answer> run_with_less(const Common& common, const Command& command,
                                           const json::object& arguments) {
  Config config;
  const auto lines =
      config::load_file(common.config_file, config, config::Reading::to_find_the_server);
  if (!lines || config.socket_path().empty()) return std::nullopt;
  return run_in_server(config.socket_path(), command.name, arguments);
}

int run_command(const Common& common, const Parsed& parsed) {
  const Command& command = *parsed.command;
  const auto arguments = arguments_of(parsed);
  if (!arguments) return refuse(arguments.error(), common.json);
  Config config;
  std::optional<admin::Answer> told;
  if (auto loaded = config::load_file(common.config_file, config); !loaded) {
    told = run_with_less(common, command, *arguments);
    if (!told) return refuse_config(loaded.error(), common);
  }
  const admin::Answer answer = told ? std::move(*told) : run_anywhere(config, command, *arguments);
  if (!answer) return refuse(answer.error(), common.json);
  std::cout << (common.json ? json::serialize(*answer) : command.say(*answer)) << "\n";
  return 0;
}

// Reads the configuration, and what serve() would refuse.
std::expected<Config, config::Errors> load_to_serve(const Common& common) {
  Config config;
  const auto lines = config::load_file(common.config_file, config);
  if (!lines) return std::unexpected(lines.error());
  config::Errors errors = refused_by_serve(config);
  for (std::string& error : errors) error = config::located(*lines, std::move(error));
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return config;
}

int check_config(const Common& common) {
  const auto config = load_to_serve(common);
  if (!config) return refuse_config(config.error(), common);
  const config::Errors warnings = warnings_of(*config);
  if (common.json) {
    json::object answer{{"ok", true}};
    if (!warnings.empty()) answer["warnings"] = json::array(warnings.begin(), warnings.end());
    std::cout << json::serialize(answer) << "\n";
    return 0;
  }
  for (const std::string& warning : warnings) std::cout << "warning: " << warning << "\n";
  std::cout << common.config_file << " is fine.\n";
  return 0;
}

int run_serve(const Common& common) {
  const auto config = load_to_serve(common);
  if (!config) return refuse_config(config.error(), common);
  return serve(*config, [&common] { return load_to_serve(common); });
}

// The words of all commands, for what is wrong with those of a line.
std::vector<CommandWords> all_words() {
  std::vector<CommandWords> words;
  for (const Documented& command : every_command()) {
    CommandWords& of = words.emplace_back(CommandWords{command.name, {}, {}});
    for (const Argument& argument : command.arguments) {
      if (is_positional(argument)) continue;
      of.options.push_back(argument.name);
      if (takes_value(argument)) of.with_value.push_back(argument.name);
    }
  }
  return words;
}

int doctor(const Common& common, const json::object& arguments) {
  Config config;
  if (auto loaded = config::load_file(common.config_file, config); !loaded) {
    return refuse_config(loaded.error(), common);
  }
  return run_doctor(config, arguments, common.json);
}

int restore(const Common& common, const json::object& arguments) {
  Config config;
  if (auto loaded = config::load_file(common.config_file, config); !loaded) {
    return refuse_config(loaded.error(), common);
  }
  const WithoutSigpipe quiet;
  config.log.level = telemetry::Level::error;
  const json::object answer = run_restore(config, arguments);
  std::cout << (common.json ? json::serialize(answer) : say_restored(answer)) << "\n";
  return 0;
}

int print_homeserver_config(const Common& common, const json::object& arguments) {
  Config config;
  if (auto loaded = config::load_file(common.config_file, config); !loaded) {
    return refuse_config(loaded.error(), common);
  }
  const auto text = homeserver_config(arguments.at("of").as_string(), config);
  if (!text) return refuse(text.error(), common.json);
  std::cout << (common.json ? json::serialize(json::object{{"text", *text}}) + "\n" : *text);
  return 0;
}

// Runs one of own_commands().
int run_own(std::string_view name, const Common& common, const Parsed& parsed) {
  const auto arguments = arguments_of(parsed);
  if (!arguments) return refuse(arguments.error(), common.json);
  if (name == "serve") return run_serve(common);
  if (name == "doctor") return doctor(common, *arguments);
  if (name == "restore") return restore(common, *arguments);
  if (name == "homeserver config") return print_homeserver_config(common, *arguments);
  if (name == "config check") return check_config(common);
  if (name == "config example") std::cout << config::example<Config>();
  if (name == "config reference") std::cout << config::reference<Config>();
  if (name == "config manual") std::cout << manual_page();
  if (name == "config completion") std::cout << bash_completion();
  return 0;
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CLI::App app("Latchkey: accounts and sessions for Matrix", "latchkey");
  app.set_version_flag("--version", "latchkey " LATCHKEY_VERSION, "print the version");
  app.require_subcommand(1);
  Common common;
  common.config_file = default_config_file(
      std::getenv("LATCHKEY_CONFIG"), [](const char* path) { return ::access(path, F_OK) == 0; });
  std::list<Parsed> parsed;
  int exit_code = 0;

  add_common(app, common);
  for (const Documented& command : own_commands()) {
    CLI::App& command_app = subcommand(app, common, command.name, command.sentence);
    Parsed& into = parsed.emplace_back(Parsed{command.arguments, nullptr, {}, {}, {}});
    for (const Argument& argument : command.arguments) add_argument(command_app, argument, into);
    command_app.callback([&common, &exit_code, &command, &into] {
      exit_code = run_own(command.name, common, into);
    });
  }
  for (const Command& command : admin::commands()) {
    CLI::App& command_app = subcommand(app, common, command.name, command.sentence);
    Parsed& into = parsed.emplace_back(Parsed{command.arguments, &command, {}, {}, {}});
    for (const Argument& argument : command.arguments) add_argument(command_app, argument, into);
    command_app.callback([&common, &exit_code, &into] { exit_code = run_command(common, into); });
  }

  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (const auto wrong = wrong_words(all_words(), arguments)) {
    const bool as_json = std::ranges::find(arguments, "--json") != arguments.end();
    refuse(*wrong, as_json);
    return kWrongCommandLine;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const std::exception& fault) {
    return refuse(fault.what(), common.json);
  }
  return exit_code;
}

}  // namespace latchkey::app
