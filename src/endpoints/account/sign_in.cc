// GET and POST /account/sign-in, POST /account/sign-out.

#include <fmt/format.h>

#include "domain/accounts/matrix_id.h"
#include "endpoints/account/mount.h"
#include "endpoints/account/next.h"
#include "endpoints/account/personal.h"
#include "endpoints/account/words.h"
#include "platform/http/percent.h"

namespace latchkey::account {
namespace {

// What the page shows, at first or again.
struct SignInForm {
  std::string next;
  std::string user;
  bool again = false;
  bool another = false;
  bool coming_back = false;  // from another page that wants somebody signed in
  std::string_view notice = {};
  Refused refused = {};
};

std::string_view title_of(const SignInForm& form) {
  if (form.another) return "SIGN_IN_ANOTHER";
  return form.again ? "SIGN_IN_AGAIN" : "SIGN_IN";
}

http::Response sign_in_page(const AccountPages& pages, const http::Request& request,
                            const SignInForm& form) {
  const Language language = language_of(request);
  html::Page page = begin_page(request, text(language, title_of(form)), "account_sign_in.html");
  html::Values& values = page.values;
  values.set("NEXT", form.next).set("USER", form.user);
  values.set("USER_HINT", fmt::format(fmt::runtime(text(language, "USER_NAME_HINT")), "alice",
                                      accounts::matrix_id("alice", pages.server_name)));
  values.add_text("NOTICE", form.notice).add_text("ERROR", form.refused.sentence);
  if (form.another) {
    values.add("ANOTHER");
    values.add_text("PURPOSE", text(language, "SIGN_IN_ANOTHER_WHY"));
  } else if (form.again) {
    values.add("AGAIN");
    values.add_text("PURPOSE", text(language, "SIGN_IN_AGAIN_WHY"));
  } else if (form.coming_back) {
    values.add_text("PURPOSE", text(language, "SIGN_IN_FIRST"));
  }
  values.add(form.user.empty() ? "FOCUS_USER" : "FOCUS_PASSWORD");
  if (pages.registration.open() && !form.again && !form.another) {
    values.add_text("SIGN_UP_LINK", "/account/sign-up?next=" + http::percent_encode(form.next));
  }
  if (!form.refused.sentence.empty()) page.status = form.refused.status;
  http::Response response = show(pages, request, std::move(page));
  put_retry(response, form.refused);
  return response;
}

// What a client hints at, as a person types it: `mxid:@alice:example.com` (MSC4198).
std::string hinted_user(std::string hint) {
  constexpr std::string_view kMatrixId = "mxid:";
  if (hint.starts_with(kMatrixId)) hint.erase(0, kMatrixId.size());
  return hint;
}

Task<http::Response> get_sign_in(const AccountPages& pages, const http::Request& request) {
  const http::Form query = query_of(request);
  const auto who = co_await visitor(pages, request);
  SignInForm form{.next = next_or_home(field(query, "next")),
                  .user = hinted_user(field(query, "login_hint")),
                  .again = who && field(query, "again") == "1",
                  .another = who && field(query, "another") == "1",
                  .coming_back = !field(query, "next").empty(),
                  .notice = notice_of(language_of(request), query)};
  if (who && !form.again && !form.another) co_return see_other(form.next);
  if (form.again) form.user = who->account.localpart;
  co_return sign_in_page(pages, request, form);
}

// A localpart, a full Matrix ID or an e-mail address.
signin::Identifier identifier_of(const std::string& typed) {
  const auto at = typed.find('@');
  if (at != std::string::npos && at > 0) return signin::ThirdParty{"email", typed};
  return signin::UserName{typed};
}

Task<http::Response> post_sign_in(const AccountPages& pages, const http::Request& request,
                                  const http::Form& sent) {
  SignInForm form{.next = next_or_home(field(sent, "next")),
                  .user = field(sent, "user"),
                  .again = field(sent, "again") == "1",
                  .another = field(sent, "another") == "1"};
  const auto signed_in =
      co_await pages.browsers.sign_in(identifier_of(form.user), field(sent, "password"),
                                      origin_of(request), session_cookie(pages, request));
  if (!signed_in) {
    form.refused = words(language_of(request), signed_in.error());
    co_return sign_in_page(pages, request, form);
  }
  http::Response response = see_other(form.next);
  give_cookie(pages, response, signed_in->cookie);
  co_return response;
}

Task<http::Response> post_sign_out(const Visit& visit) {
  co_await visit.pages.browsers.end(visit.who.account.id, visit.who.id);
  http::Response response = done("/account/sign-in", "signed_out");
  take_cookie(visit.pages, response);
  co_return response;
}

}  // namespace

void mount_sign_in(http::Router& router, const AccountPages& pages) {
  router.add(http::Method::get, "/account/sign-in",
             [&pages](const http::Request& request) { return get_sign_in(pages, request); });
  add_open_form(router, pages, "/account/sign-in",
                [&pages](const http::Request& request, const http::Form& sent) {
                  return post_sign_in(pages, request, sent);
                });
  add_form(router, pages, "/account/sign-out", kHome, post_sign_out);
}

}  // namespace latchkey::account
