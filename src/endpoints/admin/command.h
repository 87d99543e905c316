#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/administration/administration.h"
#include "domain/administration/sweep.h"
#include "domain/administration/upkeep.h"
#include "domain/administration/user_listing.h"
#include "domain/ends/replay.h"
#include "domain/homeserver/sync.h"
#include "domain/providers/provider_set.h"
#include "platform/http/public_url.h"
#include "platform/task.h"
#include "platform/text/ulid.h"

// What a command of the command line is: what it takes, what it does, what it prints. The domain
// says why it refuses something as data; the sentences that operators read are in say.cc.
namespace latchkey::admin {

struct Argument {
  enum class Kind {
    positional,
    positionals,     // one or more, as a list
    flag,            // --name
    option,          // --name VALUE
    options,         // the same as often as one likes, as a list
    password_stdin,  // --password-stdin: one line from standard input, as "password"
  };
  std::string_view name;
  Kind kind = Kind::positional;
  std::string_view sentence;
  bool required = true;
  // A file: a relative path is from where the command is typed, not from where the server runs.
  bool path = false;
};

// What commands act on.
struct Operations {
  const Ground& ground;
  administration::Administration& administration;
  administration::Upkeep& upkeep;
  administration::Sweep& sweep;
  ends::Replay& replay;
  sessions::Sessions& sessions;
  administration::UserListing& users;
  const providers::ProviderSet& providers;
  http::PublicUrl public_url{""};
  accounts::RecoveryOptions recovery = {};
  homeserver::Sync* sync = nullptr;  // absent: there is no homeserver behind
};

using Answer = std::expected<boost::json::object, std::string>;  // a refusal is a sentence

std::unexpected<std::string> fail(std::string sentence);
std::unexpected<std::string> fail(const administration::AdminRefused& refused);

// A command being run. Required arguments were checked for presence.
struct Call {
  const Operations& operations;
  const accounts::Operator& by;
  const boost::json::object& arguments;

  // Empty when there is none.
  std::string text(std::string_view name) const;
  std::optional<std::string> optional_text(std::string_view name) const;
  bool flag(std::string_view name) const;
  // Of an argument of several values.
  std::vector<std::string> texts(std::string_view name) const;
  // A whole number from `lo` to `hi`, or `otherwise` when there is none.
  std::expected<std::optional<std::int64_t>, std::string> number(
      std::string_view name, std::int64_t lo, std::int64_t hi,
      std::optional<std::int64_t> otherwise = {}) const;
  // An ID as lists show it.
  template <class Id>
  std::optional<Id> id() const {
    return text::parse_id<Id>(text("id"));
  }
};

struct Command {
  std::string_view name;  // "user create"
  std::string_view sentence;
  std::vector<Argument> arguments;
  // The call lives until the task is done.
  Task<Answer> (*run)(const Call&);
  // The answer in words, without a line break at the end.
  std::string (*say)(const boost::json::object& answer);
};

// The commands by subject; commands.h has them all.
std::vector<Command> user_commands();
std::vector<Command> listing_commands();
std::vector<Command> threepid_commands();
std::vector<Command> session_commands();
std::vector<Command> registration_token_commands();
std::vector<Command> upkeep_commands();
std::vector<Command> homeserver_commands();
std::vector<Command> provider_commands();

// "name", as most commands take it first.
extern const Argument kUserName;

}  // namespace latchkey::admin
