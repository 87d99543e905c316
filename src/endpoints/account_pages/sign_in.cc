// GET and POST /account/sign-in.

#include "domain/accounts/matrix_id.h"
#include "endpoints/account_pages/account_pages.h"
#include "endpoints/pages/next.h"
#include "endpoints/pages/surface.h"
#include "endpoints/pages/words.h"
#include "endpoints/request/origin.h"

namespace latchkey::account_pages {
namespace {

// What the page shows, at first or again.
struct SignInForm {
  std::string next;
  std::string user;
  bool again = false;
  bool another = false;
  bool coming_back = false;  // from another page that wants somebody signed in
  std::string_view notice = {};
  std::vector<std::string> providers = {};  // that confirm who is signed in
  bool with_password = true;
  pages::Refusals refusals = {};
};

bool sends_browsers(const AccountPages& pages) {
  return pages.federation != nullptr && pages.federation->providers().sends_browsers();
}

Text title_of(const SignInForm& form) {
  if (form.another) return Text::sign_in_another;
  return form.again ? Text::sign_in_again : Text::sign_in;
}

http::Response sign_in_page(const AccountPages& pages, const http::Request& request,
                            const SignInForm& form) {
  const Language& language = pages::language_of(pages, request);
  html::Page page =
      pages::begin_page(pages, request, language.say(title_of(form)), "account_sign_in.html");
  page.script = kShowPassword;
  html::Values& values = page.values;
  values.set_sent("NEXT", form.next).set("USER", form.user);
  values.set("USER_HINT",
             language.say(texts::UserNameHint{
                 .name = "alice", .user = accounts::matrix_id("alice", pages.server_name)}));
  values.add_text("NOTICE", form.notice);
  if (form.another) {
    values.add("ANOTHER");
    values.add_text("PURPOSE", language.say(Text::sign_in_another_why));
  } else if (form.again) {
    values.add("AGAIN");
    values.add_text("PURPOSE", language.say(form.with_password ? Text::sign_in_again_why
                                                               : Text::sign_in_again_there));
  } else if (form.coming_back) {
    values.add_text("PURPOSE", language.say(Text::sign_in_first));
  }
  html::Values& place = values.add(pages.providers_first ? "PROVIDERS_FIRST" : "PROVIDERS_LAST");
  if (form.again) {
    put_confirmations(place, pages, language, form.next, form.providers);
  } else {
    put_providers(place, pages, language, form.next, form.user);
  }
  const bool passwords = pages.operations.passwords_offered();
  if (form.with_password && (passwords || !sends_browsers(pages))) {
    html::Values& by_password = values.add("WITH_PASSWORD");
    if (pages.operations.own_passwords_offered()) by_password.add("FORGOT");
  }
  if (pages.registration.open() && !form.again && !form.another) {
    values.add_text("SIGN_UP_LINK", pages::sign_up_path(form.next));
  }
  pages::put_refusals(page, form.refusals, {"user", "password"},
                      form.user.empty() ? "user" : "password");
  http::Response response = pages::show(pages, request, std::move(page));
  pages::put_retry(response, form.refusals);
  return response;
}

// What a client hints at, as a person types it: `mxid:@alice:example.com` (MSC4198).
std::string hinted_user(std::string hint) {
  constexpr std::string_view kMatrixId = "mxid:";
  if (hint.starts_with(kMatrixId)) hint.erase(0, kMatrixId.size());
  return hint;
}

// Where the person is sent at once. Not after they have signed out, or were there in vain: they
// would be back at once.
Task<std::optional<std::string>> provider_at_once(const AccountPages& pages,
                                                  const http::Form& query, const SignInForm& form) {
  if (pages.federation == nullptr || form.another || pages::field(query, "away") == "1" ||
      !form.notice.empty()) {
    co_return std::nullopt;
  }
  co_return co_await pages.federation->provider_at_once(pages::field(query, "provider"), form.user);
}

// By what who is signed in can confirm that it is them.
Task<void> put_own_ways(const AccountPages& pages, const signin::BrowserSession& who,
                        SignInForm& form) {
  if (pages.federation == nullptr) co_return;
  for (const federation::WayIn& way : co_await pages.federation->ways_in(who.account.id)) {
    form.providers.push_back(way.provider_id);
  }
  form.with_password = co_await gives_password(pages, who.account.id);
}

Task<http::Response> get_sign_in(const AccountPages& pages, const http::Request& request) {
  const http::Form query = pages::query_of(request);
  const auto who = co_await pages::visitor(pages, request);
  SignInForm form{.next = pages::next_or_home(pages.router, pages::field(query, "next")),
                  .user = hinted_user(pages::typed_field(query, "login_hint")),
                  .again = who && pages::field(query, "again") == "1",
                  .another = who && pages::field(query, "another") == "1",
                  .coming_back = !pages::field(query, "next").empty(),
                  .notice = pages::notice_of(pages, request)};
  if (who && !form.again && !form.another) co_return pages::see_other(form.next);
  if (form.again) {
    form.user = who->account.localpart;
    co_await put_own_ways(pages, *who, form);
  } else if (const auto provider = co_await provider_at_once(pages, query, form)) {
    co_return pages::see_other(provider_path(*provider, form.next, form.user));
  }
  co_return sign_in_page(pages, request, form);
}

// A localpart, a full Matrix ID or an e-mail address.
signin::Identifier identifier_of(const std::string& typed) {
  const auto at = typed.find('@');
  if (at != std::string::npos && at > 0) return signin::ThirdParty{"email", typed};
  return signin::UserName{typed};
}

// What has to be there before anything is looked up.
pages::Refusals missing(const Language& language, const SignInForm& form, const http::Form& sent) {
  pages::Refusals refusals;
  if (form.user.empty()) {
    refusals.push_back(pages::wrong_field(language, "user", Text::error_name_needed));
  }
  if (pages::field(sent, "password").empty()) {
    refusals.push_back(pages::wrong_field(language, "password", Text::error_password_needed));
  }
  return refusals;
}

// Which of the two is wrong is not said.
pages::Refused words_of(const Language& language, const signin::LoginRefused& refused) {
  pages::Refused words = pages::words(language, refused);
  if (refused.why == signin::LoginRefused::Why::wrong_credentials) words.field = "password";
  return words;
}

Task<http::Response> post_sign_in(const AccountPages& pages, const http::Request& request,
                                  const http::Form& sent) {
  SignInForm form{.next = pages::next_or_home(pages.router, pages::field(sent, "next")),
                  .user = pages::typed_field(sent, "user"),
                  .again = pages::field(sent, "again") == "1",
                  .another = pages::field(sent, "another") == "1"};
  const Language& language = pages::language_of(pages, request);
  if (form.again) {
    const auto who = co_await pages::visitor(pages, request);
    if (who) co_await put_own_ways(pages, *who, form);
  }
  form.refusals = missing(language, form, sent);
  if (!form.refusals.empty()) co_return sign_in_page(pages, request, form);
  const auto signed_in = co_await pages.browsers.sign_in(
      identifier_of(form.user), pages::field(sent, "password"), request::origin_of(request),
      pages::session_cookie(pages, request));
  if (!signed_in && signed_in.error().why == signin::LoginRefused::Why::first_time) {
    co_return co_await welcome(pages, request, signed_in.error(), form.next);
  }
  if (!signed_in) {
    form.refusals = {words_of(language, signed_in.error())};
    co_return sign_in_page(pages, request, form);
  }
  http::Response response = pages::see_other(form.next);
  pages::give_cookie(pages, response, signed_in->cookie);
  co_return response;
}

}  // namespace

void mount_sign_in(request::Routes& routes, const AccountPages& pages) {
  routes.add(http::Method::get, "/account/sign-in",
             [&pages](const http::Request& request) { return get_sign_in(pages, request); });
  add_open_form(routes, pages, "/account/sign-in",
                [&pages](const http::Request& request, const http::Form& sent) {
                  return post_sign_in(pages, request, sent);
                });
}

}  // namespace latchkey::account_pages
