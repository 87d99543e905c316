#include "app/command_docs.h"

#include <fmt/format.h>

#include <map>
#include <set>

namespace latchkey::app {
namespace {

using admin::Argument;
using Kind = Argument::Kind;

std::string_view first_word(std::string_view name) { return name.substr(0, name.find(' ')); }

std::string_view second_word(std::string_view name) {
  const auto space = name.find(' ');
  return space == name.npos ? "" : name.substr(space + 1);
}

// Text of a troff page: nothing of it is a request or an escape.
std::string troff(std::string_view text) {
  std::string out;
  if (text.starts_with('.') || text.starts_with('\'')) out += "\\&";
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string upper(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::string usage_of(const Argument& argument) {
  std::string usage;
  if (is_positional(argument)) {
    usage = fmt::format("\\fI{}\\fR", troff(upper(argument.name)));
  } else {
    usage = fmt::format("\\fB\\-\\-{}\\fR", troff(argument.name));
    if (takes_value(argument)) usage += " \\fIVALUE\\fR";
  }
  if (argument.kind == Kind::positionals || argument.kind == Kind::options) usage += " ...";
  return argument.required && argument.kind != Kind::password_stdin ? usage : "[" + usage + "]";
}

}  // namespace

bool is_positional(const Argument& argument) {
  return argument.kind == Kind::positional || argument.kind == Kind::positionals;
}

bool takes_value(const Argument& argument) {
  return argument.kind == Kind::option || argument.kind == Kind::options;
}

std::span<const Documented> own_commands() {
  static const std::vector<Documented> all{
      {"serve", "Run the server.", {}},
      {"doctor",
       "Look at the whole deployment as a client does, and say what is wrong and what to change.",
       {{"user", Kind::option,
         "An account to sign in to, on a device of its own that goes again: shows that a session "
         "is good at once, and ended at once.",
         false},
        {"password-stdin", Kind::flag,
         "Its password is one line of standard input; a person at a terminal is asked without it.",
         false}}},
      {"homeserver config",
       "Print what to paste into the configuration of Synapse or of the reverse proxy.",
       {{"of", Kind::positional, "synapse, nginx or caddy"}}},
      {"restore",
       "Put a backup in the place of the database, while no server runs, and say what it brings "
       "back.",
       {{"file", Kind::positional, "a file of latchkey backup, or a copy of a SQLite database",
         true, true},
        {"ends", Kind::options,
         "a file of sessions.ends_journal: what it says has ended is ended again; may be repeated",
         false, true},
        {"replace", Kind::flag, "PostgreSQL: the database may hold accounts; they are removed",
         false}}},
      {"config check", "Check the configuration as serve does.", {}},
      {"config example", "Print a configuration file with every option.", {}},
      {"config reference", "Print the table of all options, as Markdown.", {}},
      {"config manual", "Print the manual page of the commands.", {}},
      {"config completion", "Print what bash completes of the commands.", {}},
  };
  return all;
}

std::vector<Documented> every_command() {
  std::vector<Documented> all(own_commands().begin(), own_commands().end());
  for (const admin::Command& command : admin::commands()) {
    all.push_back({command.name, command.sentence, command.arguments});
  }
  return all;
}

std::string manual_page() {
  std::string page =
      ".\\\" Made by: latchkey config manual\n"
      ".TH LATCHKEY 1\n"
      ".SH NAME\n"
      "latchkey \\- accounts and sessions for Matrix\n"
      ".SH SYNOPSIS\n"
      ".B latchkey\n"
      "\\fICOMMAND\\fR [\\fB\\-\\-config\\fR \\fIFILE\\fR] [\\fB\\-\\-json\\fR]\n"
      ".SH DESCRIPTION\n"
      "Commands run inside the server if one is running, and on their own otherwise.\n"
      "Options may stand anywhere.\n"
      ".SH OPTIONS\n"
      ".TP\n"
      "\\fB\\-\\-config\\fR \\fIFILE\\fR\n"
      "The configuration file.\n"
      ".TP\n"
      "\\fB\\-\\-json\\fR\n"
      "Print the result, or {\\(dqerror\\(dq: \\(dq...\\(dq}, as one line of JSON.\n"
      ".TP\n"
      "\\fB\\-\\-help\\fR, \\fB\\-\\-version\\fR\n"
      "Explain a command and its arguments; print the version.\n"
      ".SH COMMANDS\n";
  for (const Documented& command : every_command()) {
    page += fmt::format(".TP\n\\fB{}\\fR", troff(command.name));
    for (const Argument& argument : command.arguments) page += " " + usage_of(argument);
    page += fmt::format("\n{}\n", troff(command.sentence));
    for (const Argument& argument : command.arguments) {
      page += fmt::format(".br\n{}: {}\n", usage_of(argument), troff(argument.sentence));
    }
  }
  page +=
      ".SH ENVIRONMENT\n"
      ".TP\n"
      "\\fBLATCHKEY_CONFIG\\fR\n"
      "The configuration file, if \\fB\\-\\-config\\fR is not given.\n"
      ".SH FILES\n"
      ".TP\n"
      "\\fI/etc/latchkey/latchkey.yaml\\fR\n"
      "The configuration file, if neither is given; without it, latchkey.yaml in the current "
      "folder.\n"
      ".SH SIGNALS\n"
      "A server ends at SIGTERM and SIGINT, after it has answered the requests in flight.\n"
      "At SIGHUP it reads its configuration again, takes over the level of its log, and logs "
      "which\n"
      "other changes take a restart.\n"
      ".SH EXIT STATUS\n"
      "0; 1 with a sentence; another number if the command line itself is wrong.\n";
  return page;
}

std::string bash_completion() {
  std::map<std::string_view, std::string> seconds;  // by first word
  std::vector<std::string_view> firsts;             // in the order of the table
  std::string options;
  std::set<std::string> with_value{"--config"};
  for (const Documented& command : every_command()) {
    const auto first = first_word(command.name);
    if (!seconds.contains(first)) firsts.push_back(first);
    std::string& of = seconds[first];
    if (const auto second = second_word(command.name); !second.empty()) {
      of.append(of.empty() ? "" : " ").append(second);
    }
    std::string names;
    for (const Argument& argument : command.arguments) {
      if (is_positional(argument)) continue;
      const std::string name = fmt::format("--{}", argument.name);
      names += name + " ";
      if (takes_value(argument)) with_value.insert(name);
    }
    if (!names.empty())
      options += fmt::format("    '{}') options=\"{}$options\" ;;\n", command.name, names);
  }
  std::string groups;
  for (const auto first : firsts) {
    if (!seconds[first].empty()) {
      groups += fmt::format("    {}) candidates=\"{}\" ;;\n", first, seconds[first]);
    }
  }
  return fmt::format(R"bash(# bash completion for latchkey. Made by: latchkey config completion

_latchkey() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}}
  local options="--config --json --help" candidates="" words=() i
  COMPREPLY=()
  if [[ $previous == --config ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    return
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i]}} in
      {}) ((i++)) ;;
      -*) ;;
      *) words+=("${{COMP_WORDS[i]}}") ;;
    esac
  done
  case ${{#words[@]}} in
    0) candidates="{}" ;;
    1) case ${{words[0]}} in
{}    esac ;;
  esac
  case "${{words[*]:0:2}}" in
{}  esac
  [[ $current == -* ]] && candidates=$options
  mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "$current")
}}
complete -F _latchkey latchkey
)bash",
                     fmt::join(with_value, " | "), fmt::join(firsts, " "), groups, options);
}

}  // namespace latchkey::app
