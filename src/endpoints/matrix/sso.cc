// GET /login/sso/redirect (spec "Client login via SSO"): to the page in the browser on which the
// person signs in and lets the app have a login token (endpoints/account_pages/sso.cc).

#include "endpoints/matrix/api.h"
#include "endpoints/matrix/errors.h"
#include "endpoints/matrix/mount.h"
#include "platform/http/form.h"

namespace latchkey::matrix {
namespace {

Task<http::Response> get_redirect(const http::Request& request) {
  const auto query = http::Form::parse(request.query);
  const auto value = [&](std::string_view name) {
    const auto found = query ? query->only(name) : std::nullopt;
    return found && *found ? std::string(**found) : std::string();
  };
  const std::string target = value("redirectUrl");
  if (target.empty()) co_return error(400, "M_MISSING_PARAM", "redirectUrl: expected exactly one");
  std::vector<http::Form::Field> fields{{"redirect_url", target}};
  if (const std::string action = value("action"); !action.empty()) {
    if (action != "login" && action != "register") {
      co_return error(400, "M_INVALID_PARAM", "action: expected login or register");
    }
    fields.push_back({"action", action});
  }
  http::Response response;
  response.status = 302;
  response.content_type = {};
  response.headers = {{"Location", "/account/sso?" + http::encode_form(fields)},
                      {"Cache-Control", "no-store"}};
  co_return response;
}

}  // namespace

void mount_sso(request::Routes& routes) {
  add(routes, http::Method::get, "/login/sso/redirect", get_redirect);
}

}  // namespace latchkey::matrix
