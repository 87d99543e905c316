#pragma once

#include <boost/json/object.hpp>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/accounts/administration.h"

// The commands of the command line that act on a database: what they take, what they do, what
// they print. They run in the server, which listens on a Unix socket, or, when none runs, in the
// command line's own process.
namespace latchkey::admin {

struct Argument {
  enum class Kind {
    positional,
    flag,            // --name
    option,          // --name VALUE
    password_stdin,  // --password-stdin: one line from standard input, as "password"
  };
  std::string_view name;
  Kind kind = Kind::positional;
  std::string_view sentence;
  bool required = true;
};

// What commands act on.
struct Operations {
  accounts::Administration& accounts;
  sessions::Sessions& sessions;
  std::function<void(const std::string& path)> backup;  // throws db::Refused with a sentence
};

using Answer = std::expected<boost::json::object, std::string>;  // a refusal is a sentence

struct Command {
  std::string_view name;  // "user create"
  std::string_view sentence;
  std::vector<Argument> arguments;
  Answer (*run)(const Operations&, const boost::json::object& arguments);
  // The answer in words, without a line break at the end.
  std::string (*say)(const boost::json::object& answer);
};

std::span<const Command> commands();

// Runs the command of that name; an unknown one is refused with a sentence.
Answer run(const Operations& operations, std::string_view name,
           const boost::json::object& arguments);

}  // namespace latchkey::admin
