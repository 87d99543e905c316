// GET /account/whoami (spec "Current account information"), and what is done to the own account.

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "domain/accounts/matrix_id.h"
#include "endpoints/matrix/body.h"
#include "endpoints/matrix/caller.h"
#include "endpoints/matrix/confirm.h"
#include "endpoints/matrix/matrix.h"
#include "endpoints/matrix/refusals.h"
#include "endpoints/request/origin.h"

namespace latchkey::matrix {
namespace {

using Entry = sessions::TokenCache::Entry;

std::string render(const Api& api, const sessions::Identity& who) {
  boost::json::object body{{"user_id", accounts::matrix_id(who.localpart, api.server_name)},
                           {"is_guest", false}};
  if (!who.device_id.empty()) body["device_id"] = who.device_id;
  return boost::json::serialize(body);
}

bool whoami_at_once(const Api& api, const http::Request& request, http::Response& response) {
  if (!request.query.empty()) return false;  // it may hold a token too
  Entry* entry = api.sessions.recall(request::use_of(request), request::header_token(request));
  if (entry == nullptr) return false;
  std::string& rendered = entry->rendered(request::kWhoami);
  if (rendered.empty()) rendered = render(api, entry->identity());
  response.body = rendered;
  return true;
}

Task<http::Response> whoami(const Api& api, const http::Request& request) {
  const auto who = co_await identify(api, request);
  if (!who) co_return who.error();
  http::Response response;
  response.body = render(api, who->identity);
  co_return response;
}

// GET /account/3pid (spec "Adding Account Administrative Contact Information"). The operator has
// added them, whose word counts as their validation.
Task<http::Response> get_threepids(const Api& api, const http::Request& request) {
  const auto who = co_await identify(api, request);
  if (!who) co_return who.error();
  boost::json::array list;
  for (const auto& [threepid, added_at] : co_await api.overview.threepids(who->identity.user)) {
    list.push_back(boost::json::object{{"medium", threepid.medium},
                                       {"address", threepid.address},
                                       {"validated_at", to_millis(added_at)},
                                       {"added_at", to_millis(added_at)}});
  }
  http::Response response;
  response.body = boost::json::serialize(boost::json::object{{"threepids", std::move(list)}});
  co_return response;
}

// POST /account/password (spec "Password management"; MSC2457).
Task<http::Response> post_password(const Api& api, const http::Request& request) {
  const auto who = co_await identify_who_confirms(api, request);
  if (!who) co_return who.error();
  // Before anybody is asked to confirm what would be refused afterwards.
  if (const auto elsewhere = co_await api.operations.password_elsewhere(who->identity.user)) {
    co_return refusal(*elsewhere, api.public_url.configured());
  }
  if (!api.operations.own_passwords_offered()) {
    co_return error(403, "M_FORBIDDEN",
                    "This server has no passwords: its people sign in with identity providers.");
  }
  if (!api.operations.allowed().password_change) co_return switched_off();
  const auto body = json_body(request);
  if (!body) co_return body.error();
  const auto asked = co_await ask(api, request, "POST /account/password", *body, *who);
  if (!asked) co_return asked.error();
  text::Fields fields(asked->request.body);
  auto password = copy(fields.optional_string("new_password"));
  const bool logout_devices = fields.optional_bool("logout_devices").value_or(true);
  if (fields.error()) co_return refusal(*fields.error());
  // Before anybody is asked to confirm what would be refused afterwards.
  if (password) {
    const auto refused =
        co_await api.operations.refuse_password(*password, who->identity.localpart);
    if (refused) co_return refusal(*refused);
  }

  auto passed = co_await confirm(api, *asked);
  if (!passed) co_return passed.error();
  if (!password) co_return missing_member("new_password");
  // A service has to confirm this for its users too.
  const auto changed = co_await api.operations.change_password(
      self::proof_of(*who, std::move(*passed)), std::move(*password), logout_devices);
  if (!changed) co_return co_await answer_refused(api, asked->request, changed.error());
  co_return empty_answer();
}

// POST /account/deactivate (spec "Account deactivation").
Task<http::Response> post_deactivate(const Api& api, const http::Request& request) {
  const auto who = co_await identify_who_confirms(api, request);
  if (!who) co_return who.error();
  // Before anybody is asked to confirm what would be refused afterwards.
  if (!api.operations.allowed().deactivation && !who->is_service()) co_return switched_off();
  const auto body = json_body(request);
  if (!body) co_return body.error();
  const auto asked = co_await ask(api, request, "POST /account/deactivate", *body, *who);
  if (!asked) co_return asked.error();
  text::Fields fields(asked->request.body);
  const bool erase = fields.optional_bool("erase").value_or(false);
  if (fields.error()) co_return refusal(*fields.error());

  auto proof = co_await prove(api, *who, *asked);
  if (!proof) co_return proof.error();
  const auto done = co_await api.operations.deactivate(std::move(*proof), erase);
  if (!done) co_return co_await answer_refused(api, asked->request, done.error());
  // No third-party id is ever bound at an identity server, so none is left there.
  http::Response response;
  response.body = R"({"id_server_unbind_result":"success"})";
  co_return response;
}

}  // namespace

void mount_account(request::Routes& routes, const Api& api) {
  const auto at_once = [&api](const http::Request& request, http::Response& response) {
    return whoami_at_once(api, request, response);
  };
  add(routes, http::Method::get, "/account/whoami",
      [&api](const http::Request& request) { return whoami(api, request); },
      {.options = {.immediate = at_once}});
  add(routes, http::Method::get, "/account/3pid",
      [&api](const http::Request& request) { return get_threepids(api, request); });
  add(routes, http::Method::post, "/account/password",
      [&api](const http::Request& request) { return post_password(api, request); });
  add(routes, http::Method::post, "/account/deactivate",
      [&api](const http::Request& request) { return post_deactivate(api, request); });
}

}  // namespace latchkey::matrix
