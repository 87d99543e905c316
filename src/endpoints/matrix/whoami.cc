// GET /account/whoami (spec "Current account information").

#include <boost/json/serialize.hpp>

#include "domain/accounts/matrix_id.h"
#include "endpoints/matrix/api.h"
#include "endpoints/matrix/caller.h"
#include "endpoints/matrix/mount.h"
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
  std::string& rendered = entry->rendered[Entry::whoami];
  if (rendered.empty()) rendered = render(api, entry->identity);
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

}  // namespace

void mount_whoami(request::Routes& routes, const Api& api) {
  const auto at_once = [&api](const http::Request& request, http::Response& response) {
    return whoami_at_once(api, request, response);
  };
  add(routes, http::Method::get, "/account/whoami",
      [&api](const http::Request& request) { return whoami(api, request); },
      {.options = {.immediate = at_once}});
}

}  // namespace latchkey::matrix
