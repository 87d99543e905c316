// GET /admin/whois/{userId}, GET and PUT /admin/lock/{userId} and /admin/suspend/{userId} (spec
// "Server Administration"; MSC4323).

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "domain/accounts/matrix_id.h"
#include "endpoints/matrix/body.h"
#include "endpoints/matrix/caller.h"
#include "endpoints/matrix/matrix.h"

namespace latchkey::matrix {
namespace {

namespace json = boost::json;
using administration::Measure;

std::string_view name_of(Measure measure) {
  return measure == Measure::lock ? "locked" : "suspended";
}

http::Response answer(Measure measure, bool state) {
  http::Response response;
  response.body = boost::json::serialize(boost::json::object{{name_of(measure), state}});
  return response;
}

Task<http::Response> get_state(const Api& api, Measure measure, const http::Request& request) {
  const auto who = co_await identify(api, request);
  if (!who) co_return who.error();
  const auto state = co_await api.moderation.read(who->identity, request.parameters[0], measure);
  if (!state) co_return refusal(state.error());
  co_return answer(measure, *state);
}

Task<http::Response> put_state(const Api& api, Measure measure, const http::Request& request) {
  const auto who = co_await identify(api, request);
  if (!who) co_return who.error();
  // Before anything that the request says.
  if (const auto refused = administration::Moderation::refuse(who->identity))
    co_return refusal(*refused);
  const auto body = json_body(request);
  if (!body) co_return body.error();
  text::Fields fields(*body);
  const bool wanted = fields.required_bool(name_of(measure));
  if (fields.error()) co_return refusal(*fields.error());
  const auto state = co_await api.moderation.write(
      who->identity, std::string(request.client_address), request.parameters[0], measure, wanted);
  if (!state) co_return refusal(state.error());
  co_return answer(measure, *state);
}

// GET /admin/whois/{userId}: where and with what somebody's devices were used last. One connection
// is known of each, the last.
Task<http::Response> get_whois(const Api& api, const http::Request& request) {
  const auto who = co_await identify(api, request);
  if (!who) co_return who.error();
  const auto account = co_await api.moderation.look_up(who->identity, request.parameters[0]);
  if (!account) co_return refusal(account.error());
  json::object devices;
  for (const auto& device : co_await api.overview.list_devices(account->id)) {
    json::object connection;
    if (!device.address.empty()) connection["ip"] = device.address;
    if (device.last_used_at) connection["last_seen"] = to_millis(*device.last_used_at);
    if (!device.user_agent.empty()) connection["user_agent"] = device.user_agent;
    json::array connections;
    if (!connection.empty()) connections.push_back(std::move(connection));
    devices[device.id] = {
        {"sessions", json::array{json::object{{"connections", std::move(connections)}}}}};
  }
  http::Response response;
  response.body = json::serialize(
      json::object{{"user_id", accounts::matrix_id(account->localpart, api.server_name)},
                   {"devices", std::move(devices)}});
  co_return response;
}

}  // namespace

void mount_moderation(request::Routes& routes, const Api& api) {
  add(routes, http::Method::get, "/admin/whois/{userId}",
      [&api](const http::Request& request) { return get_whois(api, request); },
      {.options = {.owner = request::Owner::homeserver}});
  for (const auto& [measure, path] : {std::pair(Measure::lock, "/admin/lock/{userId}"),
                                      std::pair(Measure::suspend, "/admin/suspend/{userId}")}) {
    const auto get = [&api, measure](const http::Request& request) {
      return get_state(api, measure, request);
    };
    const auto put = [&api, measure](const http::Request& request) {
      return put_state(api, measure, request);
    };
    constexpr std::string_view kUnstable = "unstable/uk.timedout.msc4323";
    add(routes, http::Method::get, path, get, {.versions = {"v1", kUnstable}});
    add(routes, http::Method::put, path, put, {.versions = {"v1", kUnstable}});
  }
}

}  // namespace latchkey::matrix
