// latchkey user list, user show, and stats: what operators read of accounts.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "endpoints/admin/command.h"
#include "endpoints/admin/say.h"
#include "platform/text/counted.h"
#include "platform/text/duration.h"
#include "platform/text/rfc3339.h"
#include "platform/text/ulid.h"

namespace latchkey::admin {
namespace {

namespace json = boost::json;
using Kind = Argument::Kind;
using administration::ListedUser;
using administration::Totals;
using administration::UserFilter;

constexpr std::int64_t kPage = 100;
constexpr std::int64_t kLargestPage = 1'000;

// The gravest of what holds.
std::string_view status_of(const ListedUser& user) {
  if (user.erased_at) return "erased";
  if (user.deactivated_at) return "deactivated";
  if (user.locked_at) return "locked";
  if (user.suspended_at) return "suspended";
  return "active";
}

json::value maybe_time(std::optional<Time> time) {
  return time ? json::value(text::format_rfc3339(*time)) : json::value();
}

json::object describe(const ListedUser& user, std::string_view server_name) {
  return {{"user_id", fmt::format("@{}:{}", user.localpart, server_name)},
          {"name", user.localpart},
          {"display_name", user.display_name},
          {"status", status_of(user)},
          {"admin", user.admin},
          {"password", user.has_password},
          {"created_at", text::format_rfc3339(user.created_at)},
          {"locked_at", maybe_time(user.locked_at)},
          {"suspended_at", maybe_time(user.suspended_at)},
          {"deactivated_at", maybe_time(user.deactivated_at)},
          {"last_seen_at", maybe_time(user.last_seen_at)}};
}

Task<Answer> list_users(const Call& call) {
  auto& users = call.operations.users;
  UserFilter filter{.search = call.text("search"),
                    .locked = call.flag("locked"),
                    .suspended = call.flag("suspended"),
                    .deactivated = call.flag("deactivated"),
                    .admin = call.flag("admin"),
                    .not_seen_since = {}};
  if (const auto typed = call.optional_text("inactive")) {
    const auto span = text::parse_duration(*typed);
    if (!span) co_return fail(fmt::format("inactive: '{}' is not a duration, try '90d'", *typed));
    filter.not_seen_since = users.now() - *span;
  }
  const auto limit = call.number("limit", 1, kLargestPage, kPage);
  if (!limit) co_return fail(limit.error());
  const auto page =
      co_await users.list(filter, call.text("after"), static_cast<std::size_t>(**limit));
  json::array list;
  for (const ListedUser& user : page.users) list.push_back(describe(user, users.server_name()));
  co_return json::object{{"users", std::move(list)},
                         {"next", page.next ? json::value(*page.next) : json::value()}};
}

std::string or_never(std::string_view time) { return std::string(time.empty() ? "never" : time); }

std::string say_users(const json::object& answer) {
  constexpr std::string_view kLine = "{:<32} {:<12} {:<6} {:<25} {:<25} {}\n";
  std::string words =
      fmt::format(kLine, "USER", "STATUS", "ADMIN", "CREATED", "LAST SEEN", "DISPLAY NAME");
  for (const auto& value : answer.at("users").as_array()) {
    const auto& one = value.as_object();
    words += fmt::format(kLine, text_of(one, "name"), text_of(one, "status"),
                         one.at("admin").as_bool() ? "yes" : "", text_of(one, "created_at"),
                         or_never(text_of(one, "last_seen_at")), text_of(one, "display_name"));
  }
  if (const auto next = text_of(answer, "next"); !next.empty()) {
    words += fmt::format("There may be more: add --after {}\n", next);
  }
  return without_last_break(std::move(words));
}

Task<Answer> show_user(const Call& call) {
  auto& users = call.operations.users;
  const auto found = co_await users.show(call.text("name"));
  if (!found) co_return fail(found.error());
  json::object answer = describe(found->user, users.server_name());
  json::array addresses;
  for (const auto& listed : found->threepids) {
    addresses.push_back({{"medium", listed.threepid.medium}, {"address", listed.threepid.address}});
  }
  json::array devices;
  for (const auto& listed : found->sessions) {
    const auto& [session, display_name, address, user_agent] = listed.session;
    devices.push_back({{"session", text::format_id(session.record.id)},
                       {"device_id", session.record.device_id},
                       {"display_name", display_name},
                       {"standing", standing_name(listed.standing.worth)},
                       {"last_active_at", text::format_rfc3339(session.record.last_active_at)},
                       {"address", address},
                       {"user_agent", user_agent}});
  }
  json::array browsers;
  for (const auto& browser : found->browsers) {
    browsers.push_back({{"created_at", text::format_rfc3339(browser.created_at)},
                        {"last_active_at", text::format_rfc3339(browser.last_active_at)},
                        {"address", browser.origin.address},
                        {"user_agent", browser.origin.user_agent}});
  }
  answer["recovery_link_until"] = maybe_time(found->recovery_link_until);
  answer["addresses"] = std::move(addresses);
  answer["devices"] = std::move(devices);
  answer["further_devices"] = found->further_sessions;
  answer["browsers"] = std::move(browsers);
  co_return answer;
}

// What holds of an account, in a line each.
std::string say_account(const json::object& answer) {
  constexpr std::string_view kLine = "{:<14} {}\n";
  std::string words = fmt::format(kLine, "User", text_of(answer, "user_id"));
  const auto add = [&](std::string_view label, std::string_view value) {
    if (!value.empty()) words += fmt::format(kLine, label, value);
  };
  add("Display name", text_of(answer, "display_name"));
  add("Status", text_of(answer, "status"));
  if (answer.at("admin").as_bool()) add("Administrator", "yes");
  add("Password", answer.at("password").as_bool() ? "set" : "none");
  add("Created", text_of(answer, "created_at"));
  add("Locked", text_of(answer, "locked_at"));
  add("Suspended", text_of(answer, "suspended_at"));
  add("Deactivated", text_of(answer, "deactivated_at"));
  add("Last seen", or_never(text_of(answer, "last_seen_at")));
  if (const auto until = text_of(answer, "recovery_link_until"); !until.empty()) {
    add("Recovery link", fmt::format("made, good until {}", until));
  }
  for (const auto& value : answer.at("addresses").as_array()) {
    const auto& one = value.as_object();
    add("Address", fmt::format("{} {}", text_of(one, "medium"), text_of(one, "address")));
  }
  return words;
}

std::string say_user(const json::object& answer) {
  std::string words = say_account(answer);
  constexpr std::string_view kDevice = "{:<14} {:<16} {:<8} {:<25} {:<16} {}\n";
  words += "\n" +
           fmt::format(kDevice, "SESSION", "DEVICE", "STANDING", "LAST ACTIVE", "ADDRESS", "NAME");
  for (const auto& value : answer.at("devices").as_array()) {
    const auto& one = value.as_object();
    words += fmt::format(kDevice, text_of(one, "session"), text_of(one, "device_id"),
                         text_of(one, "standing"), text_of(one, "last_active_at"),
                         text_of(one, "address"), text_of(one, "display_name"));
  }
  if (const auto further = answer.at("further_devices").to_number<std::size_t>(); further > 0) {
    words +=
        fmt::format("and {} more: latchkey user sessions {}\n", further, text_of(answer, "name"));
  }
  for (const auto& value : answer.at("browsers").as_array()) {
    const auto& one = value.as_object();
    words += fmt::format("{:<40} {:<25} {:<16} {}\n", "browser on the account pages",
                         text_of(one, "last_active_at"), text_of(one, "address"),
                         text_of(one, "user_agent"));
  }
  return without_last_break(std::move(words));
}

Task<Answer> stats(const Call& call) {
  const Totals totals = co_await call.operations.users.count();
  co_return json::object{{"users", totals.users},
                         {"administrators", totals.administrators},
                         {"locked", totals.locked},
                         {"suspended", totals.suspended},
                         {"deactivated", totals.deactivated},
                         {"created_within_30d", totals.created_lately},
                         {"sessions", totals.sessions},
                         {"sessions_used_within_1d", totals.sessions_of_a_day},
                         {"sessions_used_within_30d", totals.sessions_of_a_month},
                         {"browsers", totals.browsers}};
}

std::string say_stats(const json::object& answer) {
  const auto number = [&](std::string_view name) {
    return answer.at(name).to_number<std::uint64_t>();
  };
  return fmt::format(
      "{}: {}, {} locked, {} suspended, {} deactivated; {} created within 30 days.\n"
      "{}: {} used within a day, {} within 30 days.\n"
      "Signed in to the account pages: {}.",
      text::counted(number("users"), "account"),
      text::counted(number("administrators"), "administrator"), number("locked"),
      number("suspended"), number("deactivated"), number("created_within_30d"),
      text::counted(number("sessions"), "session"), number("sessions_used_within_1d"),
      number("sessions_used_within_30d"), text::counted(number("browsers"), "browser"));
}

}  // namespace

std::vector<Command> listing_commands() {
  return {
      {"user list",
       "List accounts by name, a page at a time; of several conditions all must hold.",
       {{"search", Kind::option, "only those with this in their name or display name", false},
        {"locked", Kind::flag, "only locked ones", false},
        {"suspended", Kind::flag, "only suspended ones", false},
        {"deactivated", Kind::flag, "only deactivated ones", false},
        {"admin", Kind::flag, "only administrators", false},
        {"inactive", Kind::option, "only those not seen for so long, such as 90d", false},
        {"after", Kind::option, "go on behind this name", false},
        {"limit", Kind::option, "how many at most, up to 1000; 100, if not given", false}},
       list_users,
       say_users},
      {"user show",
       "Show an account: its status, addresses, devices and browsers, and when it was last seen.",
       {kUserName},
       show_user,
       say_user},
      {"stats", "Count accounts and sessions.", {}, stats, say_stats},
  };
}

}  // namespace latchkey::admin
