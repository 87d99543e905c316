// GET and POST /account/recover: a new password without the old one, by a link that an
// administrator has handed out.

#include "domain/accounts/matrix_id.h"
#include "endpoints/account_pages/mount.h"
#include "endpoints/account_pages/password_form.h"
#include "endpoints/pages/next.h"
#include "endpoints/pages/personal.h"
#include "endpoints/request/origin.h"

namespace latchkey::account_pages {
namespace {

constexpr std::string_view kPath = "/account/recover";

http::Response gone(const pages::AccountPages& pages, const http::Request& request) {
  return pages::show_message(pages, request,
                             {.status = 410,
                              .title = Text::recover_gone,
                              .sentence = Text::recover_gone_why,
                              .link = "/account/sign-in",
                              .link_text = Text::sign_in});
}

// The form, or why there is none.
Task<http::Response> recover_page(const pages::AccountPages& pages, const http::Request& request,
                                  std::string link, bool logout_devices, pages::Refused refused) {
  const auto account = co_await pages.account.recovery_account(link);
  if (!account) co_return gone(pages, request);
  const Language& language = pages::language_of(pages, request);
  const std::string user_id = accounts::matrix_id(account->localpart, pages.server_name);
  co_return password_form(pages, request,
                          {.title = language.say(Text::recover),
                           .action = kPath,
                           .account = user_id,
                           .link = std::move(link),
                           .purpose = language.say(texts::RecoverWhy{.user = user_id}),
                           .logout_devices = logout_devices,
                           .refused = std::move(refused)});
}

Task<http::Response> get_recover(const pages::AccountPages& pages, const http::Request& request) {
  co_return co_await recover_page(pages, request, pages::field(pages::query_of(request), "token"),
                                  false, {});
}

Task<http::Response> post_recover(const pages::AccountPages& pages, const http::Request& request,
                                  const http::Form& sent) {
  const std::string link = pages::field(sent, "token");
  const bool logout_devices = pages::field(sent, "logout_devices") == "1";
  const Language& language = pages::language_of(pages, request);
  if (auto wrong = wrong_new_password(language, sent)) {
    co_return co_await recover_page(pages, request, link, logout_devices, std::move(*wrong));
  }
  const auto recovered = co_await pages.account.recover(
      link, pages::field(sent, "password"), logout_devices, request::origin_of(request));
  if (!recovered) {
    co_return co_await recover_page(pages, request, link, logout_devices,
                                    pages::words(language, recovered.error()));
  }
  http::Response response = pages::done(pages::kHome, pages::Notice::password);
  pages::give_cookie(pages, response, recovered->cookie);
  co_return response;
}

}  // namespace

void mount_recover(request::Routes& routes, const pages::AccountPages& pages) {
  routes.add(http::Method::get, std::string(kPath),
             [&pages](const http::Request& request) { return get_recover(pages, request); });
  pages::add_open_form(routes, pages, std::string(kPath),
                       [&pages](const http::Request& request, const http::Form& sent) {
                         return post_recover(pages, request, sent);
                       });
}

}  // namespace latchkey::account_pages
