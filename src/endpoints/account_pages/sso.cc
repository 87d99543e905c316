// GET and POST /account/sso (spec "Client login via SSO"): an app of the legacy API has sent its
// person to the browser, and gets them back with a login token. The person sees where the token
// goes before it does: whoever holds it is signed in.

#include "endpoints/account_pages/account_pages.h"
#include "endpoints/account_pages/return_url.h"
#include "endpoints/pages/next.h"
#include "platform/http/form.h"

namespace latchkey::account_pages {
namespace {

constexpr std::string_view kPath = "/account/sso";

std::string path_to(std::string_view target) {
  const std::vector<http::Form::Field> fields{{"redirect_url", std::string(target)}};
  return std::string(kPath) + "?" + http::encode_form(fields);
}

http::Response wrong_address(const AccountPages& pages, const http::Request& request) {
  return pages::show_message(
      pages, request,
      {.status = 400, .title = Text::authorize_failed, .sentence = Text::sso_wrong_address});
}

Task<http::Response> get_sso(const AccountPages& pages, const http::Request& request) {
  const http::Form query = pages::query_of(request);
  const std::string target = pages::field(query, "redirect_url");
  const auto where = read_return_url(target);
  if (!where) co_return wrong_address(pages, request);
  const std::string provider = pages::field(query, "provider");
  // Whoever comes from a provider for the first time makes an account there and then.
  if (pages::field(query, "action") == "register" && provider.empty()) {
    co_return pages::to_sign_up(path_to(target));
  }
  const auto who = co_await pages::visitor(pages, request);
  if (!who) {
    co_return pages::to_sign_in(
        path_to(target), {.login_hint = pages::field(query, "login_hint"), .provider = provider});
  }
  const Language& language = pages::language_of(pages, request);
  html::Page page = pages::begin_page(
      pages, request, language.say(texts::SsoTitle{.host = where->shown}), "account_sso.html");
  page.form_target = html::form_target_of(where->url);
  const Visit visit{pages, request, *who, language, query};
  page.values.set("ACCOUNT", visit.matrix_id()).set_sent("TARGET", target);
  page.values.set("ASKS", language.say(texts::SsoAsks{.host = where->shown}));
  page.values.set("NOT_ME_URL", pages::sign_in_path(path_to(target), {.another = true}));
  co_return pages::show(pages, request, std::move(page));
}

Task<http::Response> post_sso(const Visit& visit) {
  const std::string target = pages::field(visit.form, "redirect_url");
  const auto where = read_return_url(target);
  if (!where) co_return wrong_address(visit.pages, visit.request);
  const auto token = co_await visit.pages.login_tokens.make_for_browser(visit.who);
  if (!token) co_return pages::to_sign_in(path_to(target));
  co_return pages::see_other(where->with_login_token(*token));
}

}  // namespace

void mount_sso(request::Routes& routes, const AccountPages& pages) {
  if (!pages.login_tokens.enabled()) return;
  routes.add(http::Method::get, std::string(kPath),
             [&pages](const http::Request& request) { return get_sso(pages, request); });
  add_form(routes, pages, std::string(kPath), pages::kHome, post_sso);
}

}  // namespace latchkey::account_pages
