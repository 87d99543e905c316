// GET, PUT and DELETE /devices, POST /delete_devices (spec "Device management"; MSC4190).

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "endpoints/matrix/body.h"
#include "endpoints/matrix/caller.h"
#include "endpoints/matrix/confirm.h"
#include "endpoints/matrix/matrix.h"

namespace latchkey::matrix {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostAtOnce = 1'000;

// Always with a name, which some clients take for granted (matrix-nio 0.26); where nobody knows any
// it is the ID, as clients show it themselves.
Task<json::object> describe(const Api& api, pages::AppNames& apps,
                            const self::AccountDevice& device) {
  const std::string app = co_await apps.of(device.client);
  const std::string name = pages::device_name(api.pages.texts().english(), device, app);
  json::object described{{"device_id", device.id},
                         {"display_name", name.empty() ? device.id : name}};
  if (device.last_used_at) described["last_seen_ts"] = to_millis(*device.last_used_at);
  if (!device.address.empty()) described["last_seen_ip"] = device.address;
  co_return described;
}

http::Response no_such_device() {
  return error(404, "M_NOT_FOUND", "This account has no device of this ID.");
}

Task<http::Response> get_devices(const Api& api, const http::Request& request) {
  const auto who = co_await identify(api, request);
  if (!who) co_return who.error();
  const auto devices = co_await api.overview.list_devices(who->identity.user);
  pages::AppNames apps(api.client_name);
  json::array list;
  for (const auto& device : devices) list.push_back(co_await describe(api, apps, device));
  http::Response response;
  response.body = json::serialize(json::object{{"devices", std::move(list)}});
  co_return response;
}

Task<http::Response> get_device(const Api& api, const http::Request& request) {
  const auto who = co_await identify(api, request);
  if (!who) co_return who.error();
  const auto device = co_await api.overview.find_device(who->identity.user, request.parameters[0]);
  if (!device) co_return no_such_device();
  pages::AppNames apps(api.client_name);
  http::Response response;
  response.body = json::serialize(co_await describe(api, apps, *device));
  co_return response;
}

Task<http::Response> put_device(const Api& api, const http::Request& request) {
  const auto who = co_await identify(api, request);
  if (!who) co_return who.error();
  const auto body = json_body(request);
  if (!body) co_return body.error();
  text::Fields fields(*body);
  const auto name = fields.optional_string("display_name", kLongestName);
  if (fields.error()) co_return refusal(*fields.error());
  const std::string& id = request.parameters[0];
  if (!valid_device_id(id)) co_return no_such_device();

  using Put = self::Operations::Put;
  const Put put = co_await api.operations.put_device(*who, id, copy(name));
  if (put == Put::no_such_device) co_return no_such_device();
  if (put == Put::too_many) {
    co_return refusal(signin::LoginRefused{signin::LoginRefused::Why::too_many_devices},
                      api.public_url.configured());
  }
  http::Response response = empty_answer();
  if (put == Put::created) response.status = 201;
  co_return response;
}

// What both ways of deletion share. Application services need not confirm (MSC4190).
Task<http::Response> delete_devices(const Api& api, const signin::Caller& who, const Asked& asked,
                                    std::optional<std::vector<std::string>> ids) {
  auto proof = co_await prove(api, who, asked);
  if (!proof) co_return proof.error();
  if (!ids) co_return missing_member("devices");
  const auto done = co_await api.operations.delete_devices(std::move(*proof), std::move(*ids));
  if (!done) co_return co_await answer_refused(api, asked.request, done.error());
  co_return empty_answer();
}

Task<http::Response> delete_device(const Api& api, const http::Request& request) {
  const auto who = co_await identify_who_confirms(api, request);
  if (!who) co_return who.error();
  const auto body = json_body_or_none(request);
  if (!body) co_return body.error();
  const std::string& id = request.parameters[0];
  // One that was deleted before is no error, so that a lost reply can be asked for again.
  if (!co_await api.overview.ever_had_device(who->identity.user, id)) co_return no_such_device();
  const auto asked = co_await ask(api, request, "DELETE /devices/" + id, *body, *who);
  if (!asked) co_return asked.error();
  co_return co_await delete_devices(api, *who, *asked, std::vector{id});
}

Task<http::Response> post_delete_devices(const Api& api, const http::Request& request) {
  const auto who = co_await identify_who_confirms(api, request);
  if (!who) co_return who.error();
  const auto body = json_body(request);
  if (!body) co_return body.error();
  const auto asked = co_await ask(api, request, "POST /delete_devices", *body, *who);
  if (!asked) co_return asked.error();
  text::Fields fields(asked->request.body);
  std::optional<std::vector<std::string>> ids;
  if (fields.has("devices")) ids = fields.required_strings("devices", kMostAtOnce, kLongestName);
  if (fields.error()) co_return refusal(*fields.error());
  co_return co_await delete_devices(api, *who, *asked, std::move(ids));
}

}  // namespace

void mount_devices(request::Routes& routes, const Api& api) {
  const auto at = [&api](auto answer) {
    return [&api, answer](const http::Request& request) { return answer(api, request); };
  };
  add(routes, http::Method::get, "/devices", at(get_devices));
  add(routes, http::Method::get, "/devices/{deviceId}", at(get_device));
  add(routes, http::Method::put, "/devices/{deviceId}", at(put_device));
  add(routes, http::Method::delete_, "/devices/{deviceId}", at(delete_device));
  add(routes, http::Method::post, "/delete_devices", at(post_delete_devices));
}

}  // namespace latchkey::matrix
