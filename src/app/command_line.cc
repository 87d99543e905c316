#include "app/command_line.h"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <iostream>
#include <list>
#include <string>

#include "app/command_client.h"
#include "app/config.h"
#include "app/core.h"
#include "app/serve.h"
#include "endpoints/admin/commands.h"
#include "platform/config/config.h"

namespace latchkey::app {
namespace {

namespace json = boost::json;
using admin::Argument;
using admin::Command;

constexpr const char* kDefaultConfig = "latchkey.yaml";

// What the options of one command are parsed into. Lives as long as the parser.
struct Parsed {
  const Command* command = nullptr;
  std::map<std::string, std::string, std::less<>> texts;
  std::map<std::string, bool, std::less<>> flags;
};

struct Common {
  std::string config_file = kDefaultConfig;
  bool json = false;
};

void add_common(CLI::App& app, Common& common) {
  app.add_option("--config", common.config_file, "the configuration file")->capture_default_str();
  app.add_flag("--json", common.json, "print the result as JSON");
}

// "user create" becomes the subcommand create of user.
CLI::App& subcommand(CLI::App& root, std::string_view name, std::string_view sentence) {
  const auto space = name.find(' ');
  if (space == name.npos) {
    return *root.add_subcommand(std::string(name), std::string(sentence));
  }
  const std::string group(name.substr(0, space));
  const auto groups = root.get_subcommands(
      [&group](const CLI::App* candidate) { return candidate->get_name() == group; });
  CLI::App* parent = groups.empty() ? nullptr : groups.front();
  if (parent == nullptr) {
    parent = root.add_subcommand(group, "See: latchkey " + group + " --help");
    parent->require_subcommand(1);
  }
  return subcommand(*parent, name.substr(space + 1), sentence);
}

void add_argument(CLI::App& app, const Argument& argument, Parsed& parsed) {
  const std::string name(argument.name);
  const std::string sentence(argument.sentence);
  switch (argument.kind) {
    case Argument::Kind::positional:
      app.add_option(name, parsed.texts[name], sentence)->required(argument.required);
      break;
    case Argument::Kind::option:
      app.add_option("--" + name, parsed.texts[name], sentence)->required(argument.required);
      break;
    case Argument::Kind::flag:
    case Argument::Kind::password_stdin:
      app.add_flag("--" + name, parsed.flags[name], sentence)->required(argument.required);
      break;
  }
}

json::object arguments_of(const Parsed& parsed) {
  json::object arguments;
  for (const auto& [name, text] : parsed.texts) {
    if (!text.empty()) arguments[name] = text;
  }
  for (const Argument& argument : parsed.command->arguments) {
    const auto flag = parsed.flags.find(argument.name);
    if (flag == parsed.flags.end() || !flag->second) continue;
    if (argument.kind == Argument::Kind::flag) {
      arguments[argument.name] = true;
    } else {
      std::string password;
      std::getline(std::cin, password);
      arguments["password"] = password;
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

// In this process, for no server runs: with the database's lock, and quietly.
admin::Answer run_here(Config config, const Command& command, const json::object& arguments) {
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

int run_command(const Common& common, const Parsed& parsed) {
  Config config;
  if (auto loaded = config::load_file(common.config_file, config); !loaded) {
    return refuse_config(loaded.error(), common);
  }
  const Command& command = *parsed.command;
  const json::object arguments = arguments_of(parsed);
  std::optional<admin::Answer> answer;
  if (const std::string socket = config.socket_path(); !socket.empty()) {
    answer = run_in_server(socket, command.name, arguments);
  }
  if (!answer) answer = run_here(config, command, arguments);
  if (!*answer) return refuse(answer->error(), common.json);
  std::cout << (common.json ? json::serialize(**answer) : command.say(**answer)) << "\n";
  return 0;
}

int check_config(const Common& common) {
  Config config;
  if (auto loaded = config::load_file(common.config_file, config); !loaded) {
    return refuse_config(loaded.error(), common);
  }
  const auto services = config.load_services();
  if (!services) return refuse_config(services.error(), common);
  if (const auto terms = config.load_terms(); !terms) return refuse_config(terms.error(), common);
  const auto clients = config.load_clients();
  if (!clients) return refuse_config(clients.error(), common);
  json::array warnings;
  for (const std::string& warning : services->warnings()) {
    warnings.emplace_back("application_services: " + warning);
  }
  for (const std::string& warning : clients::warnings_of(*clients)) {
    warnings.emplace_back("oauth.clients_file: " + warning);
  }
  if (common.json) {
    json::object answer{{"ok", true}};
    if (!warnings.empty()) answer["warnings"] = std::move(warnings);
    std::cout << json::serialize(answer) << "\n";
    return 0;
  }
  for (const json::value& warning : warnings) {
    std::cout << "warning: " << std::string_view(warning.get_string()) << "\n";
  }
  std::cout << common.config_file << " is fine.\n";
  return 0;
}

int run_serve(const Common& common) {
  Config config;
  if (auto loaded = config::load_file(common.config_file, config); !loaded) {
    return refuse_config(loaded.error(), common);
  }
  return serve(config);
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CLI::App app("Latchkey: accounts and sessions for Matrix", "latchkey");
  app.set_version_flag("--version", "latchkey " LATCHKEY_VERSION, "print the version");
  app.require_subcommand(1);
  Common common;
  std::list<Parsed> parsed;
  int exit_code = 0;

  CLI::App& serve_app = subcommand(app, "serve", "Run the server.");
  add_common(serve_app, common);
  serve_app.callback([&] { exit_code = run_serve(common); });
  CLI::App& check_app = subcommand(app, "config check", "Check the configuration file.");
  add_common(check_app, common);
  check_app.callback([&] { exit_code = check_config(common); });
  subcommand(app, "config example", "Print a configuration file with every option.").callback([] {
    std::cout << config::example<Config>();
  });
  subcommand(app, "config reference", "Print the table of all options, as Markdown.").callback([] {
    std::cout << config::reference<Config>();
  });
  for (const Command& command : admin::commands()) {
    CLI::App& command_app = subcommand(app, command.name, command.sentence);
    Parsed& into = parsed.emplace_back(Parsed{&command, {}, {}});
    add_common(command_app, common);
    for (const Argument& argument : command.arguments) add_argument(command_app, argument, into);
    command_app.callback([&common, &exit_code, &into] { exit_code = run_command(common, into); });
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
