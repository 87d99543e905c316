#include "outbound/homeserver/synapse.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "platform/http/percent.h"
#include "platform/text/json.h"
#include "platform/text/utf8.h"

namespace latchkey::outbound {
namespace {

namespace json = boost::json;
using homeserver::KnownUser;
using homeserver::NameState;
using homeserver::Person;
using homeserver::Trouble;
using Failed = http_client::Failure::Kind;

constexpr std::string_view kRoutes = "/_synapse/mas/";
constexpr std::size_t kRead = 64UL * 1024;
// Longer ones are 400 M_TOO_LARGE. In code points.
constexpr std::size_t kLongestDeviceName = 100;

std::string cut(const std::string& name) {
  std::string_view rest = name;
  for (std::size_t i = 0; i < kLongestDeviceName && !rest.empty(); ++i) {
    rest.remove_prefix(std::max<std::size_t>(1, text::leading_code_point(rest)));
  }
  return name.substr(0, name.size() - rest.size());
}

bool is_true(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->as_bool();
}

std::string query(std::string_view route, std::string_view localpart) {
  return std::string(kRoutes)
      .append(route)
      .append("?localpart=")
      .append(http::percent_encode(localpart));
}

}  // namespace

Synapse::Synapse(Parts parts) : parts_(std::move(parts)) {
  while (parts_.endpoint.ends_with('/')) parts_.endpoint.pop_back();
}

Synapse::Reply<Synapse::Answer> Synapse::ask(const Call& call, const CallLimits& limits) const {
  http_client::Request request{.method = call.method,
                               .url = parts_.endpoint + call.path,
                               .authorization = call.authorization.empty()
                                                    ? "Bearer " + parts_.secret.reveal()
                                                    : call.authorization,
                               .most_bytes = kRead,
                               .neighbour = true,
                               .deadline = limits.deadline,
                               .stop = limits.stop};
  if (call.method != "GET") {
    request.content_type = "application/json";
    request.body = json::serialize(call.body);
  }
  const auto reply = http_client::send(request);
  if (!reply) {
    const bool reached = reply.error().kind != Failed::not_connected;
    return std::unexpected(Trouble{reached ? Trouble::Kind::failed : Trouble::Kind::not_reached,
                                   "the homeserver does not answer: " + reply.error().sentence});
  }
  Answer answer{.status = reply->status, .body = {}, .errcode = {}, .after = reply->retry_after};
  if (auto body = text::parse_object(reply->body)) answer.body = std::move(*body);
  answer.errcode = text::text_of(answer.body, "errcode");
  return answer;
}

// By Synapse itself: a 400 without its code is of a proxy that should not be there. A wrong secret
// is 403 M_UNKNOWN, another 403 a module's word; and that a deactivation does not reach an identity
// server is 400 M_UNKNOWN.
bool Synapse::refused_for_ever(std::string_view path, const Answer& answer) {
  if (answer.errcode.empty()) return false;
  if (answer.status == 403) return path.starts_with(kRoutes) && answer.errcode == "M_FORBIDDEN";
  if (answer.status != 400 && answer.status != 413 && answer.status != 414) return false;
  return !(path.ends_with("/delete_user") && answer.errcode == "M_UNKNOWN");
}

Trouble Synapse::trouble(std::string_view path, const Answer& answer) {
  using Kind = Trouble::Kind;
  std::string said = "the homeserver answered " + std::to_string(answer.status) +
                     (answer.errcode.empty() ? "" : " " + answer.errcode) + " to " +
                     std::string(path.substr(0, path.find('?')));
  if (answer.status == 404 && answer.errcode == "M_NOT_FOUND") {
    return {Kind::unknown_user, std::move(said)};
  }
  if (refused_for_ever(path, answer)) return {Kind::refused, std::move(said)};
  if (answer.status == 404) {
    said +=
        ": homeserver.endpoint must lead to Synapse itself, and matrix_authentication_service must "
        "be enabled there";
  } else if (answer.status == 403 && path.starts_with(kRoutes)) {
    said +=
        ": homeserver.secret must be the secret of matrix_authentication_service in Synapse's "
        "configuration";
  }
  return {Kind::failed, std::move(said), answer.after};
}

Synapse::Reply<> Synapse::tell(std::string_view route, json::object body,
                               const CallLimits& limits) const {
  const Call call{
      .path = std::string(kRoutes).append(route), .authorization = {}, .body = std::move(body)};
  const auto answer = ask(call, limits);
  if (!answer) return std::unexpected(answer.error());
  if (!answer->good()) return std::unexpected(trouble(call.path, *answer));
  return {};
}

Synapse::Reply<NameState> Synapse::state_of_name(std::string_view localpart,
                                                 const CallLimits& limits) {
  const Call call{
      .method = "GET", .path = query("is_localpart_available", localpart), .authorization = {}};
  const auto answer = ask(call, limits);
  if (!answer) return std::unexpected(answer.error());
  if (answer->good()) return NameState::free;
  if (answer->status == 400 && answer->errcode == "M_USER_IN_USE") return NameState::taken;
  if (answer->status == 400 && answer->errcode == "M_INVALID_USERNAME") return NameState::invalid;
  if (answer->status == 400 && answer->errcode == "M_EXCLUSIVE") return NameState::exclusive;
  return std::unexpected(trouble(call.path, *answer));
}

Synapse::Reply<std::optional<KnownUser>> Synapse::find_user(std::string_view localpart,
                                                            const CallLimits& limits) {
  const Call call{.method = "GET", .path = query("query_user", localpart), .authorization = {}};
  const auto answer = ask(call, limits);
  if (!answer) return std::unexpected(answer.error());
  if (answer->good()) {
    return KnownUser{.deactivated = is_true(answer->body, "is_deactivated"),
                     .suspended = is_true(answer->body, "is_suspended")};
  }
  Trouble fault = trouble(call.path, *answer);
  if (fault.kind == Trouble::Kind::unknown_user) return std::optional<KnownUser>();
  return std::unexpected(std::move(fault));
}

// A new user's only: `set_displayname` would overwrite what the person has chosen at Synapse since.
Synapse::Reply<> Synapse::put_user(const Person& person, const CallLimits& limits) {
  json::object body{{"localpart", person.localpart}, {"locked", person.locked}};
  if (person.emails.empty()) {
    body["unset_emails"] = true;
  } else {
    body["set_emails"] = json::array(person.emails.begin(), person.emails.end());
  }
  if (!person.display_name.empty()) {
    const auto known = find_user(person.localpart, limits);
    if (!known) return std::unexpected(known.error());
    if (!*known) body["set_displayname"] = person.display_name;
  }
  const Call call{.path = std::string(kRoutes) + "provision_user",
                  .authorization = {},
                  .body = std::move(body)};
  auto answer = ask(call, limits);
  // Mostly another request was making the user (a sign-in meets the account's own delivery): now
  // that it is there, Synapse takes the same. Otherwise it has the name in another case.
  if (answer && answer->errcode == "M_USER_IN_USE") answer = ask(call, limits);
  if (!answer) return std::unexpected(answer.error());
  if (answer->good()) return {};
  const bool not_for_us =
      answer->errcode == "M_EXCLUSIVE" || answer->errcode == "M_INVALID_USERNAME";
  const services::Service* const service = not_for_us ? registers(person.localpart) : nullptr;
  if (service == nullptr) return std::unexpected(trouble(call.path, *answer));
  return register_for(*service, person.localpart, limits);
}

const services::Service* Synapse::registers(std::string_view localpart) const {
  if (const auto* owner = parts_.services.exclusive_owner(localpart)) return owner;
  const auto all = parts_.services.all();
  const auto found = std::ranges::find_if(
      all, [&](const services::Service& service) { return service.claims(localpart); });
  return found == all.end() ? nullptr : &*found;
}

Synapse::Reply<> Synapse::register_for(const services::Service& service, std::string_view localpart,
                                       const CallLimits& limits) const {
  const Call call{.path = "/_matrix/client/v3/register",
                  .authorization = "Bearer " + service.as_token.reveal(),
                  .body = {{"type", "m.login.application_service"},
                           {"username", localpart},
                           {"inhibit_login", true}}};
  const auto answer = ask(call, limits);
  if (!answer) return std::unexpected(answer.error());
  if (answer->good() || answer->errcode == "M_USER_IN_USE") return {};
  Trouble fault = trouble(call.path, *answer);
  fault.sentence +=
      " (as the application service " + service.id + ", whose registration file both servers need)";
  return std::unexpected(std::move(fault));
}

Synapse::Reply<> Synapse::set_display_name(std::string_view localpart, std::string_view name,
                                           const CallLimits& limits) {
  if (name.empty()) return tell("unset_displayname", {{"localpart", localpart}}, limits);
  return tell("set_displayname", {{"localpart", localpart}, {"displayname", name}}, limits);
}

Synapse::Reply<> Synapse::deactivate_user(std::string_view localpart, bool erase,
                                          const CallLimits& limits) {
  return tell("delete_user", {{"localpart", localpart}, {"erase", erase}}, limits);
}

Synapse::Reply<> Synapse::reactivate_user(std::string_view localpart, const CallLimits& limits) {
  return tell("reactivate_user", {{"localpart", localpart}}, limits);
}

// By the admin API, whose token it introspects here. It has to know that token's user.
Synapse::Reply<> Synapse::set_suspended(std::string_view localpart, bool suspended,
                                        const CallLimits& limits) {
  const auto known = find_user(parts_.administrator, limits);
  if (!known) return std::unexpected(known.error());
  if (!*known) {
    Person administrator;
    administrator.localpart = parts_.administrator;
    if (auto made = put_user(administrator, limits); !made) return made;
  }
  std::string user = "@";
  user.append(localpart).append(":").append(parts_.server_name);
  const Call call{.method = "PUT",
                  .path = "/_synapse/admin/v1/suspend/" + http::percent_encode(user),
                  .authorization = "Bearer " + parts_.administrator_token(),
                  .body = {{"suspend", suspended}}};
  const auto answer = ask(call, limits);
  if (!answer) return std::unexpected(answer.error());
  if (answer->good()) return {};
  Trouble fault = trouble("/_synapse/admin/v1/suspend/", *answer);
  if (answer->status == 401 || answer->status == 403) {
    fault.sentence +=
        ": it did not take this server's own token: matrix_authentication_service.endpoint must "
        "lead here";
  }
  return std::unexpected(std::move(fault));
}

Synapse::Reply<> Synapse::allow_cross_signing_reset(std::string_view localpart,
                                                    const CallLimits& limits) {
  return tell("allow_cross_signing_reset", {{"localpart", localpart}}, limits);
}

Synapse::Reply<> Synapse::put_device(std::string_view localpart, std::string_view device_id,
                                     const std::optional<std::string>& name,
                                     const CallLimits& limits) {
  json::object body{{"localpart", localpart}, {"device_id", device_id}};
  if (name) body["display_name"] = cut(*name);
  return tell("upsert_device", std::move(body), limits);
}

Synapse::Reply<> Synapse::delete_device(std::string_view localpart, std::string_view device_id,
                                        const CallLimits& limits) {
  return tell("delete_device", {{"localpart", localpart}, {"device_id", device_id}}, limits);
}

}  // namespace latchkey::outbound
