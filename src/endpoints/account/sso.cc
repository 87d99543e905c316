// GET and POST /account/sso (spec "Client login via SSO"): an app of the legacy API has sent its
// person to the browser, and gets them back with a login token. The person sees where the token
// goes before it does: whoever holds it is signed in.

#include <fmt/format.h>

#include "endpoints/account/mount.h"
#include "endpoints/account/next.h"
#include "endpoints/account/personal.h"
#include "endpoints/account/return_url.h"
#include "platform/http/form.h"

namespace latchkey::account {
namespace {

constexpr std::string_view kPath = "/account/sso";

std::string path_to(std::string_view target) {
  const std::vector<http::Form::Field> fields{{"redirect_url", std::string(target)}};
  return std::string(kPath) + "?" + http::encode_form(fields);
}

http::Response wrong_address(const AccountPages& pages, const http::Request& request) {
  const Language language = language_of(request);
  return show_message(pages, request,
                      {.status = 400,
                       .title = std::string(text(language, "AUTHORIZE_FAILED")),
                       .sentence = std::string(text(language, "SSO_WRONG_ADDRESS"))});
}

Task<http::Response> get_sso(const AccountPages& pages, const http::Request& request) {
  const http::Form query = query_of(request);
  const std::string target = field(query, "redirect_url");
  const auto where = read_return_url(target);
  if (!where) co_return wrong_address(pages, request);
  if (field(query, "action") == "register") co_return to_sign_up(path_to(target));
  const auto who = co_await visitor(pages, request);
  if (!who) co_return to_sign_in(path_to(target));
  const Language language = language_of(request);
  const auto say = [&](std::string_view key, const std::string& value) {
    return fmt::format(fmt::runtime(text(language, key)), value);
  };
  html::Page page = begin_page(request, say("SSO_TITLE", where->shown), "account_sso.html");
  page.form_target = where->form_target;
  const Visit visit{pages, request, *who, language, query};
  page.values.set("ACCOUNT", visit.matrix_id()).set("TARGET", target);
  page.values.set("ASKS", say("SSO_ASKS", where->shown));
  page.values.set("NOT_ME_URL", sign_in_path(path_to(target), {.another = true}));
  co_return show(pages, request, std::move(page));
}

Task<http::Response> post_sso(const Visit& visit) {
  const std::string target = field(visit.form, "redirect_url");
  const auto where = read_return_url(target);
  if (!where) co_return wrong_address(visit.pages, visit.request);
  const auto token = co_await visit.pages.login_tokens.make_for_browser(visit.who);
  if (!token) co_return to_sign_in(path_to(target));
  co_return see_other(where->with_login_token(*token));
}

}  // namespace

void mount_sso(http::Router& router, const AccountPages& pages) {
  if (!pages.login_tokens.enabled()) return;
  router.add(http::Method::get, std::string(kPath),
             [&pages](const http::Request& request) { return get_sso(pages, request); });
  add_form(router, pages, std::string(kPath), kHome, post_sso);
}

}  // namespace latchkey::account
