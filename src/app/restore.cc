#include "app/restore.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

#include "app/core.h"
#include "app/operator_name.h"
#include "domain/backup/restore.h"
#include "endpoints/admin/commands.h"
#include "endpoints/admin/say.h"
#include "platform/text/counted.h"
#include "platform/text/rfc3339.h"
#include "platform/text/ulid.h"

namespace latchkey::app {
namespace {

namespace json = boost::json;
using admin::text_of;

std::vector<std::string> texts_in(const json::object& object, std::string_view name) {
  std::vector<std::string> texts;
  if (const auto* list = object.if_contains(name)) {
    for (const auto& text : list->as_array()) texts.emplace_back(text.as_string());
  }
  return texts;
}

json::object described(const backup::Revived::People& people) {
  return {{"count", people.count},
          {"users", json::array(people.names.begin(), people.names.end())}};
}

json::object described(const backup::Revived& revived) {
  json::array listed;
  for (const auto& session : revived.listed) {
    json::object one{{"session", text::format_id(session.id)},
                     {"user", session.user},
                     {"device_id", session.device_id}};
    if (session.how) one["for_good"] = *session.how == Ended::for_good;
    if (session.ended_at) one["ended_at"] = text::format_rfc3339(*session.ended_at);
    listed.push_back(std::move(one));
  }
  return {{"sessions", revived.sessions},
          {"listed", std::move(listed)},
          {"older_passwords", described(revived.older_passwords)},
          {"unlocked", described(revived.unlocked)},
          {"reactivated", described(revived.reactivated)},
          {"missing_accounts", described(revived.missing)}};
}

backup::Restored put_back(const Config& config, const backup::Wanted& wanted) {
  if (const auto file = config.sqlite_file()) return backup::restore_sqlite(*file, wanted);
  db::Options pool = config.database_pool;
  pool.size = 2;
  const auto database = db::open(config.database, pool);
  auto restored = backup::restore_postgres(*database, wanted);
  database->close();
  return restored;
}

json::object replay(const Config& config, const accounts::Operator& by,
                    const std::vector<std::string>& files) {
  Core core(config, 1, Core::Purpose::command);
  const auto report = core.replay->run_now(by, files, true);
  core.close();
  if (!report) throw db::Refused(admin::sentence_of(report.error()));
  return admin::describe(*report);
}

std::string say_people(const json::object& of, std::string_view name, std::string_view what) {
  const auto& people = of.at(name).as_object();
  const auto count = people.at("count").to_number<std::int64_t>();
  if (count == 0) return "";
  std::string words = fmt::format("{} ({}):", what, count);
  for (const auto& user : people.at("users").as_array()) {
    words.append(" ").append(user.as_string());
  }
  return words + "\n";
}

std::string say_revived(const json::object& revived) {
  const auto count = revived.at("sessions").to_number<std::uint64_t>();
  std::string words = fmt::format("Alive again, and over in the database before: {}\n",
                                  text::counted(count, "session"));
  for (const auto& value : revived.at("listed").as_array()) {
    const auto& one = value.as_object();
    const std::string_view ended = one.contains("ended_at") ? text_of(one, "ended_at") : "long ago";
    words += fmt::format("  {} of {}, device {}: over since {}\n", text_of(one, "session"),
                         text_of(one, "user"), text_of(one, "device_id"), ended);
  }
  words += say_people(revived, "older_passwords", "With an older password again");
  words += say_people(revived, "unlocked", "Locked no more");
  words += say_people(revived, "reactivated", "Deactivated no more");
  words += say_people(revived, "missing_accounts", "Missing");
  return words;
}

}  // namespace

json::object run_restore(const Config& config, const json::object& arguments) {
  const SystemClock clock;
  const auto by = admin::at_the_command_line(who_types());
  const auto ends = texts_in(arguments, "ends");
  for (const std::string& file : ends) {
    if (!std::filesystem::is_regular_file(file) || !std::ifstream(file)) {
      throw db::Refused(file + ": cannot be read; nothing was done");
    }
  }
  const backup::Wanted wanted{.file = std::string(text_of(arguments, "file")),
                              .server_name = config.server_name,
                              .key_file = config.keys_path(),
                              .by = by,
                              .now = clock.now(),
                              .replace = arguments.contains("replace")};
  const backup::Restored restored = put_back(config, wanted);
  json::object answer{{"file", wanted.file},
                      {"gap_until", text::format_rfc3339(restored.gap_until)}};
  if (restored.made_at) answer["made_at"] = text::format_rfc3339(*restored.made_at);
  if (restored.made_at > wanted.now) answer["clock_is_behind"] = true;
  if (restored.before) answer["before"] = *restored.before;
  if (restored.unreadable) answer["unreadable"] = *restored.unreadable;
  if (restored.revived) answer["revived"] = described(*restored.revived);
  if (!ends.empty()) answer["ends"] = replay(config, by, ends);
  return answer;
}

std::string say_restored(const json::object& answer) {
  std::string words = fmt::format("Restored {}", text_of(answer, "file"));
  if (answer.contains("made_at")) {
    words += fmt::format(
        ", which was last served at {}.\nSessions begun since are marked as missing, until {}: "
        "their people sign in again and keep their keys",
        text_of(answer, "made_at"), text_of(answer, "gap_until"));
  }
  words += ".\n";
  if (answer.contains("clock_is_behind")) {
    words +=
        "The clock of this machine is behind the backup: how much is missing cannot be known. Set "
        "it right, and mark the gap by hand: latchkey session mark-gap\n";
  }
  if (answer.contains("before")) {
    words += fmt::format("What was there before is now {}\n", text_of(answer, "before"));
  }
  if (answer.contains("unreadable")) {
    words += fmt::format(
        "It cannot be read ({}): which sessions live again that were over cannot be said\n",
        text_of(answer, "unreadable"));
  }
  if (const auto* revived = answer.if_contains("revived")) {
    words += say_revived(revived->as_object());
  }
  if (const auto* ends = answer.if_contains("ends")) {
    words += admin::say_replayed(ends->as_object()) + "\n";
  } else {
    words +=
        "To end again what ended since the backup: latchkey session replay-ends FILE, if there is "
        "a "
        "journal of ends, otherwise latchkey session end ID, or softly everybody with latchkey "
        "session soft-logout-all\n";
  }
  return admin::without_last_break(std::move(words));
}

}  // namespace latchkey::app
