// POST /account/password (spec "Password management"; MSC2457).

#include "endpoints/matrix/api.h"
#include "endpoints/matrix/body.h"
#include "endpoints/matrix/caller.h"
#include "endpoints/matrix/confirm.h"
#include "endpoints/matrix/mount.h"

namespace latchkey::matrix {
namespace {

Task<http::Response> post_password(const Api& api, const http::Request& request) {
  const auto who = co_await identify_who_confirms(api, request);
  if (!who) co_return who.error();
  const auto body = json_body(request);
  if (!body) co_return body.error();
  text::Fields fields(*body);
  std::string password(fields.required_string("new_password"));
  const bool logout_devices = fields.optional_bool("logout_devices").value_or(true);
  if (fields.error()) co_return refusal(*fields.error());
  // Before anybody is asked to confirm what would be refused afterwards.
  if (const auto refused = co_await api.own_account.refuse_password(*who, password)) {
    co_return refusal(*refused);
  }

  const auto asked = auth_request(request, "POST /account/password", *body, *who);
  auto passed = co_await confirm(api, asked, fields);
  if (!passed) co_return passed.error();
  const auto changed = co_await api.own_account.change_password(*who, std::move(password),
                                                                logout_devices, std::move(*passed));
  if (!changed) co_return co_await answer_refused(api, asked, changed.error());
  co_return empty_answer();
}

}  // namespace

void mount_password(request::Routes& routes, const Api& api) {
  add(routes, http::Method::post, "/account/password",
      [&api](const http::Request& request) { return post_password(api, request); });
}

}  // namespace latchkey::matrix
