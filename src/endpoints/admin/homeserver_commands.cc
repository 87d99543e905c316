// latchkey homeserver …: what the homeserver behind knows.

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "endpoints/admin/command.h"
#include "endpoints/admin/say.h"
#include "platform/text/counted.h"

namespace latchkey::admin {
namespace {

namespace json = boost::json;
using homeserver::Drift;
using Kind = Argument::Kind;

constexpr std::int64_t kLargestSample = 1'000;

std::string_view words(Drift drift) {
  switch (drift) {
    case Drift::unknown_there:
      return "is not known there";
    case Drift::active_there:
      return "is deactivated here and not there";
    case Drift::deactivated_there:
      return "is deactivated there and not here";
    case Drift::suspended_there:
      return "is suspended there and not here";
    case Drift::not_suspended_there:
      break;
  }
  return "is suspended here and not there";
}

Task<Answer> sync(const Call& call) {
  if (call.operations.sync == nullptr) {
    co_return fail("there is no homeserver behind: homeserver.kind is none");
  }
  const bool apply = call.flag("apply");
  const auto sample = call.number("sample", 1, kLargestSample);
  if (!sample) co_return fail(sample.error());
  if (*sample && (apply || call.optional_text("user"))) {
    co_return fail("sample: goes with neither a user nor --apply");
  }
  std::optional<homeserver::Sync::Report> report;
  std::string fault;
  try {
    if (*sample) {
      report = co_await call.operations.sync->sample(**sample);
    } else {
      report = co_await call.operations.sync->run(call.optional_text("user"), apply);
    }
  } catch (const homeserver::Unavailable& away) {
    fault = away.what();
  }
  if (!fault.empty()) co_return fail(fault);
  if (!report) co_return fail(fmt::format("there is no user '{}'", call.text("user")));
  if (apply) {
    co_await call.operations.administration.record(
        call.by, "homeserver sync", call.optional_text("user").value_or("all users"));
  }
  json::array differences;
  for (const auto& [localpart, drift] : report->differences) {
    differences.push_back(json::object{{"user", localpart}, {"difference", words(drift)}});
  }
  co_return json::object{{"applied", apply},
                         {"accounts", report->accounts},
                         {"devices", report->devices},
                         {"deleted_devices", report->deleted},
                         {"differences", std::move(differences)}};
}

std::string say_sync(const json::object& answer) {
  std::string said;
  for (const auto& value : answer.at("differences").as_array()) {
    const auto& one = value.as_object();
    said += fmt::format("{} {}\n", text_of(one, "user"), text_of(one, "difference"));
  }
  const auto count = [&](std::string_view name) {
    return answer.at(name).to_number<std::uint64_t>();
  };
  if (!answer.at("applied").as_bool()) {
    return said + fmt::format(
                      "Looked at {}. With --apply the homeserver is told of each once more, of {} "
                      "here and {} deleted ones.",
                      text::counted(count("accounts"), "account"),
                      text::counted(count("devices"), "device"), count("deleted_devices"));
  }
  return said + fmt::format(
                    "The homeserver is being told of {}, {} and {} deleted ones; "
                    "latchkey_outbox_pending says how much is left.",
                    text::counted(count("accounts"), "account"),
                    text::counted(count("devices"), "device"), count("deleted_devices"));
}

}  // namespace

std::vector<Command> homeserver_commands() {
  return {
      {"homeserver sync",
       "Compare the accounts with the homeserver's, and tell it everything once more.",
       {{"user", Kind::positional, "one user; all, if not given", false},
        {"apply", Kind::flag, "tell it; without this nothing is changed", false},
        {"sample", Kind::option, "only so many accounts, by chance, up to 1000", false}},
       sync,
       say_sync},
  };
}

}  // namespace latchkey::admin
