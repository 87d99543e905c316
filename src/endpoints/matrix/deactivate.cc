// POST /account/deactivate (spec "Account deactivation").

#include "endpoints/matrix/api.h"
#include "endpoints/matrix/body.h"
#include "endpoints/matrix/caller.h"
#include "endpoints/matrix/confirm.h"
#include "endpoints/matrix/mount.h"

namespace latchkey::matrix {
namespace {

Task<http::Response> post_deactivate(const Api& api, const http::Request& request) {
  const auto who = co_await identify_who_confirms(api, request);
  if (!who) co_return who.error();
  const auto body = json_body(request);
  if (!body) co_return body.error();
  text::Fields fields(*body);
  const bool erase = fields.optional_bool("erase").value_or(false);
  if (fields.error()) co_return refusal(*fields.error());

  const auto asked = auth_request(request, "POST /account/deactivate", *body, *who);
  confirm::AuthPassed passed;
  // An application service answers for the users of its namespace.
  if (!who->is_service()) {
    auto confirmed = co_await confirm(api, asked, fields);
    if (!confirmed) co_return confirmed.error();
    passed = std::move(*confirmed);
  }
  const auto done = co_await api.own_account.deactivate(*who, erase, std::move(passed));
  if (!done) co_return co_await answer_refused(api, asked, done.error());
  // No third-party id is ever bound at an identity server, so none is left there.
  http::Response response;
  response.body = R"({"id_server_unbind_result":"success"})";
  co_return response;
}

}  // namespace

void mount_deactivate(request::Routes& routes, const Api& api) {
  add(routes, http::Method::post, "/account/deactivate",
      [&api](const http::Request& request) { return post_deactivate(api, request); });
}

}  // namespace latchkey::matrix
