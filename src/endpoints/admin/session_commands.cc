// latchkey session …, and the list of a user's sessions.

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "endpoints/admin/command.h"
#include "endpoints/admin/say.h"
#include "platform/text/rfc3339.h"
#include "platform/text/ulid.h"

namespace latchkey::admin {
namespace {

namespace json = boost::json;
using Kind = Argument::Kind;
using administration::Administration;
using sessions::EndReason;
using sessions::Reason;

std::string_view end_name(EndReason reason) {
  switch (reason) {
    case EndReason::logout:
      return "logout";
    case EndReason::logout_all:
      return "logout_all";
    case EndReason::device_deleted:
      return "device_deleted";
    case EndReason::password_changed:
      return "password_changed";
    case EndReason::revoked:
      return "revoked";
    case EndReason::account_deactivated:
      return "account_deactivated";
    case EndReason::administrator:
    case EndReason::administrator_softly:
      return "administrator";
    case EndReason::crowded_out:
      return "crowded_out";
    case EndReason::provider_signed_out:
    case EndReason::provider_signed_out_softly:
      return "provider_signed_out";
    case EndReason::provider_session_old:
      return "provider_session_old";
    case EndReason::device_unused:
      return "device_unused";
    case EndReason::taken_over:
      return "taken_over";
    case EndReason::token_reuse:
      return "token_reuse";
    case EndReason::generations_spent:
      return "generations_spent";
    case EndReason::code_reuse:
      return "code_reuse";
  }
  return "unknown";
}

// Why the newest access token is not good, or the session's stored end.
std::string_view reason_name(const Administration::Listed& listed) {
  if (const auto& end = listed.session.session.record.end_reason) return end_name(*end);
  switch (listed.standing.reason) {
    case Reason::expired:
      return "expired";
    case Reason::past_maximum_age:
      return "maximum_age";
    case Reason::idle_too_long:
      return "maximum_idle";
    case Reason::account_locked:
      return "account_locked";
    default:
      return "";
  }
}

json::object describe(const Administration::Listed& listed) {
  const auto& [session, display_name, address, user_agent] = listed.session;
  const sessions::Record& record = session.record;
  json::object result{{"id", text::format_id(record.id)},
                      {"device_id", record.device_id},
                      {"display_name", display_name},
                      {"standing", standing_name(listed.standing.worth)},
                      {"reason", reason_name(listed)},
                      {"created_at", text::format_rfc3339(record.created_at)},
                      {"last_active_at", text::format_rfc3339(record.last_active_at)},
                      {"address", address},
                      {"user_agent", user_agent}};
  if (record.ended_at) result["ended_at"] = text::format_rfc3339(*record.ended_at);
  return result;
}

Task<Answer> user_sessions(const Call& call) {
  const auto listed = co_await call.operations.administration.list_sessions(call.text("name"));
  if (!listed) co_return fail(listed.error());
  json::array list;
  for (const auto& one : *listed) list.push_back(describe(one));
  co_return json::object{{"sessions", std::move(list)}};
}

std::string say_sessions(const json::object& answer) {
  constexpr std::string_view kLine = "{:<14} {:<16} {:<8} {:<20} {:<25} {:<16} {}\n";
  std::string words = fmt::format(kLine, "SESSION", "DEVICE", "STANDING", "REASON", "LAST ACTIVE",
                                  "ADDRESS", "NAME");
  for (const auto& value : answer.at("sessions").as_array()) {
    const auto& one = value.as_object();
    words +=
        fmt::format(kLine, text_of(one, "id"), text_of(one, "device_id"), text_of(one, "standing"),
                    text_of(one, "reason"), text_of(one, "last_active_at"), text_of(one, "address"),
                    text_of(one, "display_name"));
  }
  return without_last_break(std::move(words));
}

template <auto change>
Task<Answer> change_session(const Call& call) {
  const auto id = call.id<SessionId>();
  if (!id) co_return fail("this is not a session ID; see: latchkey user sessions NAME");
  const auto changed = co_await (call.operations.administration.*change)(call.by, *id);
  if (!changed) co_return fail(changed.error());
  co_return json::object{};
}

Task<Answer> soft_logout_everybody(const Call& call) {
  const std::size_t ended = co_await call.operations.administration.soft_logout_everybody(call.by);
  co_return json::object{{"ended", ended}};
}

Task<Answer> mark_gap(const Call& call) {
  const auto from = text::parse_rfc3339(call.text("from"));
  const auto typed = call.optional_text("to");
  const auto to =
      typed ? text::parse_rfc3339(*typed) : std::optional(call.operations.ground.clock.now());
  if (!from || !to) co_return fail("a time looks like 2026-01-31T12:00:00Z");
  const auto marked = co_await call.operations.administration.mark_gap(call.by, *from, *to);
  if (!marked) co_return fail(marked.error());
  co_return json::object{{"from", text::format_rfc3339(*from)}, {"to", text::format_rfc3339(*to)}};
}

std::string say_gap(const json::object& answer) {
  return fmt::format("Marked the gap from {} to {}.", text_of(answer, "from"),
                     text_of(answer, "to"));
}

}  // namespace

std::vector<Command> session_commands() {
  using A = Administration;
  const Argument id{.name = "id", .sentence = "the session's ID, from: latchkey user sessions"};
  return {
      {"user sessions", "List a user's sessions.", {kUserName}, user_sessions, say_sessions},
      {"session end",
       "End a session for good and delete its device.",
       {id},
       change_session<&A::end_session>,
       say_done},
      {"session soft-logout",
       "End a session softly: its person signs in again and keeps the keys.",
       {id},
       change_session<&A::soft_logout_session>,
       say_done},
      {"session soft-logout-all",
       "End every session of the server softly, as after a restored backup: what was ended since "
       "it was made cannot be told from the rest.",
       {},
       soft_logout_everybody,
       say_ended},
      {"session mark-gap",
       "Say that sessions begun in this span may be missing: their tokens are softly refused.",
       {{"from", Kind::option, "begin of the gap (RFC 3339)", true},
        {"to", Kind::option, "end of the gap (RFC 3339); now, if not given", false}},
       mark_gap,
       say_gap},
  };
}

}  // namespace latchkey::admin
