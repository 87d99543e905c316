// latchkey session …, and the list of a user's sessions.

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "endpoints/admin/command.h"
#include "endpoints/admin/say.h"
#include "platform/text/counted.h"
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

Task<Answer> replay_ends(const Call& call) {
  const auto report =
      co_await call.operations.replay.run(call.by, call.texts("file"), call.flag("apply"));
  if (!report) co_return fail(report.error());
  co_return admin::describe(*report);
}

}  // namespace

json::object describe(const ends::ReplayReport& report) {
  json::array listed;
  for (const ends::Line& line : report.listed) {
    listed.push_back(json::object{{"session", text::format_id(*line.session)},
                                  {"user", line.name},
                                  {"device_id", line.device_id},
                                  {"ended_at", text::format_rfc3339(line.at)},
                                  {"reason", end_name(line.why)}});
  }
  const auto people = [](const ends::ReplayReport::People& those) {
    return json::object{{"count", those.count},
                        {"users", json::array(those.names.begin(), those.names.end())}};
  };
  return {{"lines", report.lines},
          {"unreadable", report.unreadable},
          {"sessions", report.sessions},
          {"listed", std::move(listed)},
          {"browsers", report.browsers},
          {"locked", people(report.locked)},
          {"deactivated", people(report.deactivated)},
          {"older_passwords", people(report.older_passwords)},
          {"applied", report.applied}};
}

std::string say_replayed(const json::object& answer) {
  const auto number = [](const json::object& of, std::string_view name) {
    return of.at(name).to_number<std::uint64_t>();
  };
  const bool applied = answer.at("applied").as_bool();
  std::string words = text::counted(number(answer, "lines"), "line") + " of the journal";
  if (const auto none = number(answer, "unreadable"); none > 0) {
    words += fmt::format(", of which {} cannot be read", none);
  }
  words += fmt::format("\n{} {} and {}\n", applied ? "Ended" : "Would end",
                       text::counted(number(answer, "sessions"), "session"),
                       text::counted(number(answer, "browsers"), "browser"));
  for (const auto& value : answer.at("listed").as_array()) {
    const auto& one = value.as_object();
    words += fmt::format("  {} of {}, device {}: ended {} ({})\n", text_of(one, "session"),
                         text_of(one, "user"), text_of(one, "device_id"), text_of(one, "ended_at"),
                         text_of(one, "reason"));
  }
  const auto people = [&](std::string_view name, std::string_view done, std::string_view would) {
    const auto& those = answer.at(name).as_object();
    if (number(those, "count") == 0) return;
    words += fmt::format("{} {}:", applied ? done : would,
                         text::counted(number(those, "count"), "account"));
    for (const auto& user : those.at("users").as_array()) {
      words += fmt::format(" {}", std::string_view(user.as_string()));
    }
    words += '\n';
  };
  people("locked", "Locked", "Would lock");
  people("deactivated", "Deactivated", "Would deactivate");
  people("older_passwords", "An older password may be good again for",
         "An older password may be good again for");
  if (!applied) words += "Nothing was done; with --apply it is.\n";
  return without_last_break(std::move(words));
}

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
      {"session replay-ends",
       "After a restored backup: end again what a journal of ends (sessions.ends_journal) says has "
       "ended since; without --apply only says what.",
       {{"file", Kind::positionals, "files of the journal, of every node, the older ones too", true,
         true},
        {"apply", Kind::flag, "do it", false}},
       replay_ends,
       say_replayed},
      {"session mark-gap",
       "Say that sessions begun in this span may be missing: their tokens are softly refused.",
       {{"from", Kind::option, "begin of the gap (RFC 3339)", true},
        {"to", Kind::option, "end of the gap (RFC 3339); now, if not given", false}},
       mark_gap,
       say_gap},
  };
}

}  // namespace latchkey::admin
