// latchkey keys …, backup, audit: the server itself.

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "domain/homeserver/changes.h"
#include "domain/oauth/back_channel_logout.h"
#include "domain/oauth/signing_keys.h"
#include "domain/outbox/outbox_rows.h"
#include "domain/outbox/workers.h"
#include "endpoints/admin/command.h"
#include "endpoints/admin/say.h"
#include "platform/db/database.h"
#include "platform/text/rfc3339.h"

namespace latchkey::admin {
namespace {

namespace json = boost::json;
using Kind = Argument::Kind;

constexpr std::int64_t kMostAuditLines = 100'000;
constexpr std::int64_t kAuditLines = 100;

Task<Answer> list_keys(const Call& call) {
  const auto found = co_await call.operations.ground.db.read(keys::list_keys);
  json::array list;
  for (const auto& key : found) {
    json::object described{{"id", key.id},
                           {"fingerprint", key.fingerprint},
                           {"created_at", text::format_rfc3339(key.created_at)}};
    if (key.lost_at) described["lost_at"] = text::format_rfc3339(*key.lost_at);
    list.push_back(std::move(described));
  }
  co_return json::object{{"keys", std::move(list)}};
}

Task<Answer> rotate_keys(const Call& call) {
  const auto done = co_await call.operations.upkeep.rotate_keys(call.by);
  if (!done) co_return fail(done.error());
  co_return co_await list_keys(call);
}

Task<Answer> replace_keys(const Call& call) {
  const auto done = co_await call.operations.upkeep.replace_keys(call.by);
  if (!done) co_return fail(done.error());
  co_return co_await list_keys(call);
}

Task<Answer> rotate_signing_keys(const Call& call) {
  oauth::SigningKeys signing_keys(call.operations.ground, call.operations.sessions);
  const auto published = co_await signing_keys.rotate(call.by);
  json::array list;
  for (const auto& key : published) {
    json::object described{{"id", key.id},
                           {"algorithm", key.algorithm},
                           {"created_at", text::format_rfc3339(key.created_at)}};
    if (key.retired_at) described["retired_at"] = text::format_rfc3339(*key.retired_at);
    list.push_back(std::move(described));
  }
  co_return json::object{{"keys", std::move(list)}};
}

std::string say_signing_keys(const json::object& answer) {
  std::string words;
  for (const auto& value : answer.at("keys").as_array()) {
    const auto& key = value.as_object();
    words += fmt::format("{} key {} made {}", text_of(key, "algorithm"), text_of(key, "id"),
                         text_of(key, "created_at"));
    if (key.contains("retired_at"))
      words += fmt::format(", retires {}", text_of(key, "retired_at"));
    words += '\n';
  }
  return without_last_break(std::move(words));
}

// What each consumer has not been told yet.
Task<Answer> show_outbox(const Call& call) {
  const Time now = call.operations.ground.clock.now();
  json::array list;
  for (const auto& [consumer, backlog] :
       co_await call.operations.ground.db.read(outbox::backlogs)) {
    const Duration age = backlog.oldest ? now - *backlog.oldest : Duration{0};
    list.push_back(
        json::object{{"consumer", consumer},
                     {"count", backlog.pending},
                     {"oldest_seconds", std::chrono::floor<std::chrono::seconds>(age).count()}});
  }
  json::object refused;
  for (const std::string_view consumer : {homeserver::kConsumer, oauth::kLogoutConsumer}) {
    if (const auto count = outbox::refused(call.operations.ground.metrics, consumer); count > 0) {
      refused[consumer] = count;
    }
  }
  co_return json::object{{"waiting", std::move(list)}, {"refused", std::move(refused)}};
}

std::string say_outbox(const json::object& answer) {
  std::string words;
  for (const auto& value : answer.at("waiting").as_array()) {
    const auto& of = value.as_object();
    words += fmt::format(
        "{}: {}{} to tell, the oldest for {} s\n", text_of(of, "consumer"),
        of.at("count").to_number<std::int64_t>() >= outbox::kMostCounted ? "at least " : "",
        of.at("count").to_number<std::int64_t>(),
        of.at("oldest_seconds").to_number<std::int64_t>());
  }
  if (words.empty()) words = "Nothing waits.\n";
  for (const auto& [consumer, count] : answer.at("refused").as_object()) {
    words += fmt::format(
        "{}: {} refused for ever since this server began, and dropped; its log says why\n",
        std::string_view(consumer), count.to_number<std::int64_t>());
  }
  return without_last_break(std::move(words));
}

std::string say_keys(const json::object& answer) {
  std::string words;
  for (const auto& value : answer.at("keys").as_array()) {
    const auto& key = value.as_object();
    words += fmt::format("key {:<3} {} made {}{}\n", key.at("id").to_number<int>(),
                         text_of(key, "fingerprint"), text_of(key, "created_at"),
                         key.contains("lost_at") ? ", lost" : "");
  }
  return without_last_break(std::move(words));
}

Task<Answer> backup(const Call& call) {
  const std::string path = call.text("file");
  const auto done = co_await call.operations.upkeep.backup(call.by, path);
  if (!done) co_return fail(done.error());
  co_return json::object{{"file", path}};
}

std::string say_backup(const json::object& answer) {
  return fmt::format("Copied the database to {}.", text_of(answer, "file"));
}

Task<Answer> audit(const Call& call) {
  const auto limit = call.number("limit", 1, kMostAuditLines, kAuditLines);
  if (!limit) co_return fail(limit.error());
  const auto entries =
      co_await call.operations.administration.list_audit(call.optional_text("user"), **limit);
  if (!entries) co_return fail(entries.error());
  json::array list;
  for (const auto& entry : *entries) {
    list.push_back(json::object{{"at", text::format_rfc3339(entry.at)},
                                {"by", entry.by.name},
                                {"address", entry.by.address},
                                {"action", entry.action},
                                {"target", entry.target},
                                {"detail", entry.detail}});
  }
  co_return json::object{{"audit", std::move(list)}};
}

std::string say_audit(const json::object& answer) {
  constexpr std::string_view kLine = "{:<25} {:<28} {:<16} {:<26} {:<32} {}\n";
  std::string words = fmt::format(kLine, "WHEN", "BY", "FROM", "ACTION", "TARGET", "DETAIL");
  for (const auto& value : answer.at("audit").as_array()) {
    const auto& one = value.as_object();
    words += fmt::format(kLine, text_of(one, "at"), text_of(one, "by"), text_of(one, "address"),
                         text_of(one, "action"), text_of(one, "target"), text_of(one, "detail"));
  }
  return without_last_break(std::move(words));
}

}  // namespace

std::vector<Command> upkeep_commands() {
  return {
      {"audit",
       "Show what administrators did, the newest first.",
       {{"user", Kind::option, "only what concerns this user", false},
        {"limit", Kind::option, "how many lines at most; 100, if not given", false}},
       audit,
       say_audit},
      {"keys list", "List the server keys.", {}, list_keys, say_keys},
      {"keys rotate",
       "Make a new server key; tokens of the older ones stay good.",
       {},
       rotate_keys,
       say_keys},
      {"keys replace",
       "Go on without a lost key file: everybody signs in again and keeps the keys.",
       {},
       replace_keys,
       say_keys},
      {"keys rotate-signing",
       "Make new keys for ID tokens; the old ones are published for another day.",
       {},
       rotate_signing_keys,
       say_signing_keys},
      {"outbox",
       "Show what others (the homeserver, applications) have not been told yet.",
       {},
       show_outbox,
       say_outbox},
      {"backup",
       "Copy the database, as it is at one moment, while it is in use.",
       {{.name = "file",
         .sentence = "the new file, a SQLite database whichever the engine",
         .path = true}},
       backup,
       say_backup},
  };
}

}  // namespace latchkey::admin
