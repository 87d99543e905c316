// GET and POST /account/recover: a new password without the old one, by a link that an
// administrator has handed out.

#include <fmt/format.h>

#include "domain/accounts/matrix_id.h"
#include "endpoints/account/mount.h"
#include "endpoints/account/next.h"
#include "endpoints/account/password_form.h"
#include "endpoints/account/personal.h"

namespace latchkey::account {
namespace {

constexpr std::string_view kPath = "/account/recover";

http::Response gone(const AccountPages& pages, const http::Request& request) {
  const Language language = language_of(request);
  return show_message(pages, request,
                      {.status = 410,
                       .title = std::string(text(language, "RECOVER_GONE")),
                       .sentence = std::string(text(language, "RECOVER_GONE_WHY")),
                       .link = "/account/sign-in",
                       .link_text = std::string(text(language, "SIGN_IN"))});
}

// The form, or why there is none.
Task<http::Response> recover_page(const AccountPages& pages, const http::Request& request,
                                  std::string link, bool logout_devices, Refused refused) {
  const auto account = co_await pages.account.recovery_account(link);
  if (!account) co_return gone(pages, request);
  const Language language = language_of(request);
  const std::string user_id = accounts::matrix_id(account->localpart, pages.server_name);
  co_return password_form(
      pages, request,
      {.title = text(language, "RECOVER"),
       .action = kPath,
       .account = user_id,
       .link = std::move(link),
       .purpose = fmt::format(fmt::runtime(text(language, "RECOVER_WHY")), user_id),
       .logout_devices = logout_devices,
       .refused = std::move(refused)});
}

Task<http::Response> get_recover(const AccountPages& pages, const http::Request& request) {
  co_return co_await recover_page(pages, request, field(query_of(request), "token"), false, {});
}

Task<http::Response> post_recover(const AccountPages& pages, const http::Request& request,
                                  const http::Form& sent) {
  const std::string link = field(sent, "token");
  const bool logout_devices = field(sent, "logout_devices") == "1";
  const Language language = language_of(request);
  if (auto wrong = wrong_new_password(language, sent)) {
    co_return co_await recover_page(pages, request, link, logout_devices, std::move(*wrong));
  }
  const auto recovered = co_await pages.account.recover(link, field(sent, "password"),
                                                        logout_devices, origin_of(request));
  if (!recovered) {
    co_return co_await recover_page(pages, request, link, logout_devices,
                                    words(language, recovered.error()));
  }
  http::Response response = done(kHome, "password");
  give_cookie(pages, response, recovered->cookie);
  co_return response;
}

}  // namespace

void mount_recover(http::Router& router, const AccountPages& pages) {
  router.add(http::Method::get, std::string(kPath),
             [&pages](const http::Request& request) { return get_recover(pages, request); });
  add_open_form(router, pages, std::string(kPath),
                [&pages](const http::Request& request, const http::Form& sent) {
                  return post_recover(pages, request, sent);
                });
}

}  // namespace latchkey::account
