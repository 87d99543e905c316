#include "endpoints/admin/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "endpoints/admin/words.h"
#include "platform/db/database.h"
#include "platform/text/rfc3339.h"
#include "platform/text/ulid.h"

namespace latchkey::admin {
namespace {

namespace json = boost::json;
using Kind = Argument::Kind;
using accounts::Administration;

// Arguments were checked for presence by run(); absent ones read as empty.
std::string text_of(const json::object& arguments, std::string_view name) {
  const auto* value = arguments.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

bool flag(const json::object& arguments, std::string_view name) {
  const auto* value = arguments.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

Answer fail(std::string sentence) { return std::unexpected(std::move(sentence)); }

std::optional<sessions::SessionId> session_id(const json::object& arguments) {
  const auto id = text::parse_id(text_of(arguments, "id"));
  return id && *id <= static_cast<std::uint64_t>(INT64_MAX)
             ? std::optional(static_cast<sessions::SessionId>(*id))
             : std::nullopt;
}

Answer done(const Administration::Result<>& result) {
  if (!result) return fail(result.error());
  return json::object{};
}

Answer create_user(const Operations& ops, const json::object& args) {
  auto id = ops.accounts.create_user(text_of(args, "name"), text_of(args, "password"),
                                     flag(args, "admin"));
  if (!id) return fail(id.error());
  return json::object{{"user_id", *id}};
}

Answer set_password(const Operations& ops, const json::object& args) {
  return done(ops.accounts.set_password(text_of(args, "name"), text_of(args, "password")));
}

template <auto change>
Answer change_user(const Operations& ops, const json::object& args) {
  return done((ops.accounts.*change)(text_of(args, "name")));
}

template <auto change>
Answer change_session(const Operations& ops, const json::object& args) {
  const auto id = session_id(args);
  if (!id) return fail("this is not a session ID; see: latchkey user sessions NAME");
  return done((ops.accounts.*change)(*id));
}

Answer user_admin(const Operations& ops, const json::object& args) {
  const std::string state = text_of(args, "state");
  if (state != "on" && state != "off") return fail("expected on or off");
  return done(ops.accounts.set_admin(text_of(args, "name"), state == "on"));
}

Answer user_sessions(const Operations& ops, const json::object& args) {
  const auto listed = ops.accounts.list_sessions(text_of(args, "name"));
  if (!listed) return fail(listed.error());
  json::array list;
  for (const auto& one : *listed) list.push_back(describe(one));
  return json::object{{"sessions", std::move(list)}};
}

Answer soft_logout_user(const Operations& ops, const json::object& args) {
  const auto count = ops.accounts.soft_logout_user(text_of(args, "name"));
  if (!count) return fail(count.error());
  return json::object{{"ended", *count}};
}

Answer soft_logout_everybody(const Operations& ops, const json::object&) {
  return json::object{{"ended", ops.accounts.soft_logout_everybody()}};
}

Answer mark_gap(const Operations& ops, const json::object& args) {
  const auto from = text::parse_rfc3339(text_of(args, "from"));
  const std::string to_text = text_of(args, "to");
  const auto to =
      to_text.empty() ? std::optional(ops.sessions.clock().now()) : text::parse_rfc3339(to_text);
  if (!from || !to) return fail("a time looks like 2026-01-31T12:00:00Z");
  if (*to < *from) return fail("the gap ends before it begins");
  ops.accounts.mark_gap(*from, *to);
  return json::object{{"from", text::format_rfc3339(*from)}, {"to", text::format_rfc3339(*to)}};
}

Answer keys_answer(const Operations& ops) {
  json::array list;
  for (const auto& key : sessions::list_keys(ops.sessions.database())) {
    json::object described{{"id", key.id},
                           {"fingerprint", key.fingerprint},
                           {"created_at", text::format_rfc3339(key.created_at)}};
    if (key.lost_at) described["lost_at"] = text::format_rfc3339(*key.lost_at);
    list.push_back(std::move(described));
  }
  return json::object{{"keys", std::move(list)}};
}

Answer list_keys(const Operations& ops, const json::object&) { return keys_answer(ops); }

template <auto change>
Answer change_keys(const Operations& ops, const json::object&) {
  auto& sessions = ops.sessions;
  auto keys = change(sessions.database(), sessions.key_file(), sessions.clock().now());
  if (!keys) return fail(keys.error());
  sessions.use_keys(std::move(*keys));
  return keys_answer(ops);
}

Answer backup(const Operations& ops, const json::object& args) {
  const std::string path = text_of(args, "file");
  try {
    ops.backup(path);
  } catch (const db::Refused& refused) {
    return fail(refused.what());
  }
  return json::object{{"file", path}};
}

const Argument kName{.name = "name", .sentence = "the user's name, or full Matrix ID"};
const Argument kId{.name = "id", .sentence = "the session's ID, from: latchkey user sessions"};
const Argument kPassword{.name = "password-stdin",
                         .kind = Kind::password_stdin,
                         .sentence = "read the password from standard input"};

const std::vector<Command>& table() {
  using A = Administration;
  static const std::vector<Command> commands{
      {"user create",
       "Create a user.",
       {kName,
        kPassword,
        {"admin", Kind::flag, "make the user an administrator of the server", false}},
       create_user,
       say_created},
      {"user set-password",
       "Set a user's password; nobody is signed out.",
       {kName, kPassword},
       set_password,
       say_done},
      {"user lock",
       "Lock an account: its tokens stop working until it is unlocked.",
       {kName},
       change_user<&A::lock>,
       say_done},
      {"user unlock",
       "Unlock an account: the same tokens work again.",
       {kName},
       change_user<&A::unlock>,
       say_done},
      {"user suspend", "Suspend an account.", {kName}, change_user<&A::suspend>, say_done},
      {"user unsuspend", "Lift a suspension.", {kName}, change_user<&A::unsuspend>, say_done},
      {"user deactivate",
       "Deactivate an account: its sessions end for good and its password is forgotten.",
       {kName},
       change_user<&A::deactivate>,
       say_done},
      {"user reactivate",
       "Reactivate an account; it needs a new password.",
       {kName},
       change_user<&A::reactivate>,
       say_done},
      {"user admin",
       "Make a user an administrator, or not.",
       {kName, {.name = "state", .sentence = "on or off"}},
       user_admin,
       say_done},
      {"user sessions", "List a user's sessions.", {kName}, user_sessions, say_sessions},
      {"user soft-logout",
       "End all sessions of a user softly: people sign in again and keep "
       "their keys.",
       {kName},
       soft_logout_user,
       say_ended},
      {"session end",
       "End a session for good and delete its device.",
       {kId},
       change_session<&A::end_session>,
       say_done},
      {"session soft-logout",
       "End a session softly: its person signs in again and keeps the keys.",
       {kId},
       change_session<&A::soft_logout_session>,
       say_done},
      {"session soft-logout-all",
       "End every session of the server softly, as after a restored backup: what was ended since "
       "it "
       "was made cannot be told from the rest.",
       {},
       soft_logout_everybody,
       say_ended},
      {"session mark-gap",
       "Say that sessions begun in this span may be missing: their tokens are softly refused.",
       {{"from", Kind::option, "begin of the gap (RFC 3339)", true},
        {"to", Kind::option, "end of the gap (RFC 3339); now, if not given", false}},
       mark_gap,
       say_gap},
      {"keys list", "List the server keys.", {}, list_keys, say_keys},
      {"keys rotate",
       "Make a new server key; tokens of the older ones stay good.",
       {},
       change_keys<&sessions::rotate_keys>,
       say_keys},
      {"keys replace",
       "Go on without a lost key file: everybody signs in again and keeps the keys.",
       {},
       change_keys<&sessions::replace_keys>,
       say_keys},
      {"backup",
       "Copy the SQLite database while it is in use.",
       {{.name = "file", .sentence = "the new file"}},
       backup,
       say_backup},
  };
  return commands;
}

}  // namespace

std::span<const Command> commands() { return table(); }

Answer run(const Operations& operations, std::string_view name, const json::object& arguments) {
  const auto found = std::ranges::find(table(), name, &Command::name);
  if (found == table().end()) return fail(fmt::format("there is no command '{}'", name));
  for (const Argument& argument : found->arguments) {
    const std::string_view key = argument.kind == Kind::password_stdin ? "password" : argument.name;
    if (argument.required && !arguments.contains(key))
      return fail(fmt::format("{} is missing", key));
  }
  return found->run(operations, arguments);
}

}  // namespace latchkey::admin
