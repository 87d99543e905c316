#include "endpoints/admin/words.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "platform/text/rfc3339.h"
#include "platform/text/ulid.h"

namespace latchkey::admin {
namespace {

namespace json = boost::json;
using sessions::EndReason;
using sessions::Reason;
using sessions::Worth;

std::string_view standing_name(Worth worth) {
  switch (worth) {
    case Worth::active:
      return "active";
    case Worth::soft:
      return "soft";
    case Worth::locked:
      return "locked";
    case Worth::ended:
      return "ended";
    case Worth::missing:
    case Worth::unknown:
      break;
  }
  return "unknown";
}

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
    case EndReason::taken_over:
      return "taken_over";
    case EndReason::token_reuse:
      return "token_reuse";
    case EndReason::generations_spent:
      return "generations_spent";
  }
  return "unknown";
}

// Why the newest access token is not good, or the session's stored end.
std::string_view reason_name(const accounts::Administration::Listed& listed) {
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

std::string_view text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : "";
}

}  // namespace

json::object describe(const accounts::Administration::Listed& listed) {
  const auto& [session, display_name, address, user_agent] = listed.session;
  const sessions::Record& record = session.record;
  json::object result{{"id", text::format_id(static_cast<std::uint64_t>(record.id))},
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

std::string say_done(const json::object&) { return "Done."; }

std::string say_created(const json::object& answer) {
  return fmt::format("Created {}.", text_of(answer, "user_id"));
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
  words.pop_back();
  return words;
}

std::string say_ended(const json::object& answer) {
  return fmt::format("Softly ended {} sessions.", answer.at("ended").to_number<std::size_t>());
}

std::string say_gap(const json::object& answer) {
  return fmt::format("Marked the gap from {} to {}.", text_of(answer, "from"),
                     text_of(answer, "to"));
}

std::string say_keys(const json::object& answer) {
  std::string words;
  for (const auto& value : answer.at("keys").as_array()) {
    const auto& key = value.as_object();
    words += fmt::format("key {:<3} {} made {}{}\n", key.at("id").to_number<int>(),
                         text_of(key, "fingerprint"), text_of(key, "created_at"),
                         key.contains("lost_at") ? ", lost" : "");
  }
  if (!words.empty()) words.pop_back();
  return words;
}

std::string say_backup(const json::object& answer) {
  return fmt::format("Copied the database to {}.", text_of(answer, "file"));
}

}  // namespace latchkey::admin
