// latchkey registration-token …

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "endpoints/admin/command.h"
#include "endpoints/admin/say.h"
#include "platform/text/duration.h"
#include "platform/text/rfc3339.h"
#include "platform/text/ulid.h"

namespace latchkey::admin {
namespace {

namespace json = boost::json;
using Kind = Argument::Kind;
using accounts::TokenState;
using administration::Administration;

constexpr std::int64_t kMostUses = 1'000'000;

std::string_view state_name(TokenState state) {
  switch (state) {
    case TokenState::valid:
      return "valid";
    case TokenState::expired:
      return "expired";
    case TokenState::spent:
      return "spent";
    case TokenState::revoked:
      break;
  }
  return "revoked";
}

Task<Answer> create_token(const Call& call) {
  Administration::NewToken wanted{.text = call.optional_text("token"), .name = call.text("name")};
  const auto uses = call.number("uses", 1, kMostUses);
  if (!uses) co_return fail(uses.error());
  wanted.uses_allowed = *uses;
  if (const auto typed = call.optional_text("expires-in")) {
    wanted.lifetime = text::parse_duration(*typed);
    if (!wanted.lifetime) {
      co_return fail(fmt::format("expires-in: '{}' is not a duration, try '7d'", *typed));
    }
  }
  const auto created =
      co_await call.operations.administration.create_registration_token(call.by, wanted);
  if (!created) co_return fail(created.error());
  co_return json::object{{"id", text::format_id(created->id)}, {"token", created->text}};
}

std::string say_created(const json::object& answer) {
  return fmt::format("{}\nID {}. The token is shown only now.", text_of(answer, "token"),
                     text_of(answer, "id"));
}

json::object describe(const Administration::ListedToken& listed) {
  const auto& token = listed.token;
  const auto maybe_time = [](std::optional<Time> time) {
    return time ? json::value(text::format_rfc3339(*time)) : json::value();
  };
  return {{"id", text::format_id(token.id)},
          {"name", token.name},
          {"state", state_name(listed.state)},
          {"uses_allowed", token.uses_allowed ? json::value(*token.uses_allowed) : json::value()},
          {"used", token.used},
          {"pending", token.pending},
          {"created_at", text::format_rfc3339(token.created_at)},
          {"expires_at", maybe_time(token.expires_at)},
          {"revoked_at", maybe_time(token.revoked_at)}};
}

Task<Answer> list_tokens(const Call& call) {
  const auto tokens = co_await call.operations.administration.list_registration_tokens();
  json::array list;
  for (const auto& one : tokens) list.push_back(describe(one));
  co_return json::object{{"registration_tokens", std::move(list)}};
}

std::string say_tokens(const json::object& answer) {
  constexpr std::string_view kLine = "{:<14} {:<8} {:<12} {:<8} {:<25} {}\n";
  std::string words = fmt::format(kLine, "ID", "STATE", "USED", "PENDING", "EXPIRES", "NAME");
  for (const auto& value : answer.at("registration_tokens").as_array()) {
    const auto& one = value.as_object();
    std::string used = fmt::format("{}", one.at("used").to_number<std::int64_t>());
    if (!one.at("uses_allowed").is_null()) {
      used += fmt::format(" of {}", one.at("uses_allowed").to_number<std::int64_t>());
    }
    const std::string_view expires = text_of(one, "expires_at");
    words += fmt::format(kLine, text_of(one, "id"), text_of(one, "state"), used,
                         one.at("pending").to_number<std::int64_t>(),
                         expires.empty() ? "never" : expires, text_of(one, "name"));
  }
  return without_last_break(std::move(words));
}

Task<Answer> revoke_token(const Call& call) {
  const auto id = call.id<RegistrationTokenId>();
  if (!id) {
    co_return fail("this is not a registration token's ID; see: latchkey registration-token list");
  }
  const auto revoked =
      co_await call.operations.administration.revoke_registration_token(call.by, *id);
  if (!revoked) co_return fail(revoked.error());
  co_return json::object{};
}

}  // namespace

std::vector<Command> registration_token_commands() {
  return {
      {"registration-token create",
       "Make a registration token, with which people can create an account.",
       {{"token", Kind::positional, "its text; made, if not given", false},
        {"name", Kind::option, "what it is for, to tell it from others", false},
        {"uses", Kind::option, "how many accounts it may create; any number, if not given", false},
        {"expires-in", Kind::option, "how long it is valid (7d); for ever, if not given", false}},
       create_token,
       say_created},
      {"registration-token list", "List the registration tokens.", {}, list_tokens, say_tokens},
      {"registration-token revoke",
       "Revoke a registration token, also for those who are about to register with it.",
       {{.name = "id", .sentence = "its ID, from: latchkey registration-token list"}},
       revoke_token,
       say_done},
  };
}

}  // namespace latchkey::admin
