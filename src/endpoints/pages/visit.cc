#include "endpoints/pages/visit.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "endpoints/pages/confirmation.h"
#include "endpoints/pages/cookie.h"
#include "endpoints/pages/next.h"
#include "endpoints/request/origin.h"
#include "platform/crypto/equal.h"
#include "platform/crypto/random.h"
#include "platform/html/address.h"
#include "platform/http/percent.h"
#include "platform/text/base64.h"
#include "platform/text/utf8.h"

namespace latchkey::pages {
namespace {

// Of the cookies for forms; they last as long as the browser is open.
constexpr std::string_view kFormCookie = "-form";
constexpr std::size_t kFormCookieSuffix = 8;
// Beyond this, what is to be carried over is shortened.
constexpr std::size_t kLongNext = 512;
// Of a hint at who signs in: no Matrix ID is longer.
constexpr std::size_t kLongestHint = 255;
// What the address of a page says of the fields of its form, in which its people find what they
// came for. No password, and nothing that was typed.
constexpr std::string_view kOfAddresses[] = {"next",   "again",        "another",  "device_id",
                                             "unused", "redirect_url", "user_code"};
// So does the address of a recovery link of its token, and that of a confirmation of its session.
constexpr std::string_view kRecover = "/account/recover";

bool is_of_address(std::string_view path, const http::Form::Field& sent) {
  if (sent.value.empty()) return false;
  return std::ranges::find(kOfAddresses, sent.name) != std::end(kOfAddresses) ||
         (path == kRecover && sent.name == "token") || (path == kConfirm && sent.name == "session");
}

// Whom a page is shown to, as its forms say it: nobody, or the account that the session's cookie
// names, whether it is good or not. One of an older version names none.
std::string whose(const http::PublicUrl& url, const http::Request& request) {
  const std::string_view session = cookie_value(request, cookie_name(url));
  const auto dot = session.rfind('.');
  if (dot != session.npos) return std::string(session.substr(dot + 1));
  return session.empty() ? std::string() : csrf_value(session, {});
}

std::string token_of(std::string_view cookie, std::string_view whose) {
  return csrf_value(cookie, whose).append(".").append(whose);
}

// Whether one of the browser's cookies has made the form's token.
bool is_ours(const http::PublicUrl& url, const http::Request& request, const http::Form& form) {
  if (!http::has_form(request) || from_elsewhere(url, request)) return false;
  const std::string token = field(form, kCsrfField);
  const auto dot = token.rfind('.');
  if (dot == token.npos) return false;
  return std::ranges::any_of(cookies_named(request, cookie_name(url, kFormCookie)),
                             [&](std::string_view cookie) {
                               return crypto::equal(token_of(cookie, token.substr(dot + 1)), token);
                             });
}

bool of_visitor(const http::PublicUrl& url, const http::Request& request, const http::Form& form) {
  const std::string token = field(form, kCsrfField);
  return token.substr(token.rfind('.') + 1) == whose(url, request);
}

http::Form form_of(const http::Request& request) {
  auto form = http::Form::parse(http::has_form(request) ? request.body : std::string_view());
  return form ? std::move(*form) : http::Form();
}

// The value of the hidden field, with the cookie that it needs. Only a GET is handed one: a form
// that we showed brings its own, and one of another site must not fill the browser with them.
std::string csrf_token(const Site& site, const http::Request& request, http::Response& response) {
  const http::PublicUrl& url = site.public_url;
  const auto cookies = cookies_named(request, cookie_name(url, kFormCookie));
  if (!cookies.empty()) return token_of(cookies.front(), whose(url, request));
  const std::string fresh = text::encode_base64url(crypto::random_array<16>());
  if (request.method == http::Method::get) {
    const std::string name =
        cookie_name(url, std::string(kFormCookie) + "-" +
                             crypto::random_text(crypto::kBase62, kFormCookieSuffix));
    response.headers.emplace_back("Set-Cookie", set_cookie(url, name, fresh, std::nullopt));
  }
  return token_of(fresh, whose(url, request));
}

std::string to_page(std::string_view path, std::string_view next) {
  const std::string carried = next.size() > kLongNext ? shortened(next) : std::string(next);
  return std::string(path) +
         "?next=" + http::percent_encode(local_path(carried) ? carried : std::string(kHome));
}

}  // namespace

Task<std::optional<signin::BrowserSession>> visitor(const Site& site,
                                                    const http::Request& request) {
  const std::string cookie = session_cookie(site, request);
  if (cookie.empty()) co_return std::nullopt;
  co_return co_await site.browsers.find(cookie, request::origin_of(request));
}

std::string session_cookie(const Site& site, const http::Request& request) {
  return std::string(cookie_value(request, cookie_name(site.public_url)));
}

void give_cookie(const Site& site, http::Response& response, std::string_view value) {
  const http::PublicUrl& url = site.public_url;
  const auto age =
      std::chrono::duration_cast<std::chrono::seconds>(site.browsers.options().maximum_age);
  response.headers.emplace_back("Set-Cookie", set_cookie(url, cookie_name(url), value, age));
}

void take_cookie(const Site& site, http::Response& response) {
  const http::PublicUrl& url = site.public_url;
  response.headers.emplace_back("Set-Cookie",
                                set_cookie(url, cookie_name(url), "", std::chrono::seconds{0}));
}

http::Response see_other(std::string location) {
  http::Response response;
  response.status = 303;
  response.content_type = {};
  response.headers = {{"Location", std::move(location)},
                      {"Referrer-Policy", "no-referrer"},
                      {"Cache-Control", "no-store"}};
  return response;
}

std::string sign_in_path(std::string_view next, const SignInHints& hints) {
  std::string location = to_page("/account/sign-in", next);
  if (!hints.login_hint.empty() && hints.login_hint.size() <= kLongestHint)
    location += "&login_hint=" + http::percent_encode(hints.login_hint);
  if (hints.again) location += "&again=1";
  if (hints.another) location += "&another=1";
  if (hints.away) location += "&away=1";
  if (!hints.provider.empty()) location += "&provider=" + http::percent_encode(hints.provider);
  return location;
}

http::Response to_sign_in(std::string_view next, const SignInHints& hints) {
  return see_other(sign_in_path(next, hints));
}

http::Response to_sign_up(std::string_view next) { return see_other(sign_up_path(next)); }

std::string sign_up_path(std::string_view next) { return to_page("/account/sign-up", next); }

bool csrf_ok(const Site& site, const http::Request& request, const http::Form& form, From from) {
  const http::PublicUrl& url = site.public_url;
  if (!is_ours(url, request, form)) return false;
  return from == From::browser || of_visitor(url, request, form);
}

std::string same_page(const Site& site, const http::Request& request, std::string_view back) {
  const std::string path(request.path);
  if (site.router.match(http::Method::get, path).route == nullptr) {
    return std::string(back.empty() ? kHome : back);
  }
  std::vector<http::Form::Field> kept;
  for (const auto& sent : form_of(request).fields()) {
    if (is_of_address(path, sent)) kept.push_back(sent);
  }
  std::string query = http::encode_form(kept);
  if (!request.query.empty() && !query.empty()) query += "&";
  query += request.query;
  std::string page = path + (query.empty() ? "" : "?" + query);
  if (page.size() > kLongNext) page = shortened(page);
  return local_path(page) ? page : std::string(kHome);
}

http::Response csrf_refused(const Site& site, const http::Request& request, std::string_view back) {
  const bool of_another = is_ours(site.public_url, request, form_of(request));
  return show_message(site, request,
                      {.status = 403,
                       .title = of_another ? Text::form_of_another : Text::form_old,
                       .sentence = of_another ? Text::form_of_another_why : Text::form_old_why,
                       .link = same_page(site, request, back),
                       .link_text = Text::open_again});
}

http::Form query_of(const http::Request& request) {
  auto query = http::Form::parse(full_query(request.query));
  return query ? std::move(*query) : http::Form();
}

std::string field(const http::Form& form, std::string_view name) {
  const auto value = form.only(name);
  return value ? std::string(value->value_or("")) : std::string();
}

std::string typed_field(const http::Form& form, std::string_view name) {
  return std::string(text::trimmed(field(form, name)));
}

html::Page begin_page(const Site& site, const http::Request& request, std::string_view title,
                      std::string_view file) {
  return {.status = 200,
          .title = std::string(title),
          .file = file,
          .values = {},
          .script = {},
          .language = &language_of(site, request)};
}

namespace {

// The page's own query, so that it is the same in another language. What a form has sent names the
// page too; what was typed is not among it. Absent: no address shows this page again.
std::optional<std::string> own_query(const Site& site, const http::Request& request) {
  constexpr std::size_t kLongest = 2000;  // it is in the page once for each language
  const auto page = site.router.match(http::Method::get, request.path);
  if (page.path_known && page.route == nullptr) return std::nullopt;
  std::vector<http::Form::Field> fields;
  const http::Form query = query_of(request);
  for (const auto& field : query.fields()) {
    if (field.name != "lang") fields.push_back(field);
  }
  const auto sent =
      http::has_form(request) ? http::Form::parse(request.body) : http::Form::parse("");
  if (!sent) return std::nullopt;
  for (const auto& field : sent->fields()) {
    if (is_of_address(request.path, field)) fields.push_back(field);
  }
  std::string text = http::encode_form(fields);
  if (text.size() > kLongest) return std::nullopt;
  return text.empty() ? text : text + "&";
}

}  // namespace

http::Response show(const Site& site, const http::Request& request, html::Page page) {
  page.own_query = own_query(site, request);
  http::Response handed;
  page.values.set_sent("CSRF", csrf_token(site, request, handed));
  http::Response response = site.pages.answer(std::move(page));
  response.headers.emplace_back("Vary", "Accept-Language, Cookie");
  std::ranges::move(handed.headers, std::back_inserter(response.headers));
  keep_language(site.public_url, site.pages, request, response);
  // What was done is said once.
  const http::PublicUrl& url = site.public_url;
  const std::string notice = cookie_name(url, kNoticeCookie);
  if (!cookie_value(request, notice).empty()) {
    response.headers.emplace_back("Set-Cookie",
                                  set_cookie(url, notice, "", std::chrono::seconds{0}));
  }
  return response;
}

http::Response go_on(const Site& site, const http::Request& request, std::string address,
                     const std::string& link_text) {
  const Language& language = language_of(site, request);
  html::Page page = begin_page(site, request, language.say(Text::going_on), "account_message.html");
  page.values.set("SENTENCE", language.say(Text::going_on_why));
  html::set_address(page.values.add("LINK"), "HREF", address).set("NAME", link_text);
  page.refresh = std::move(address);
  return show(site, request, std::move(page));
}

http::Response show_message(const Site& site, const http::Request& request,
                            const Message& message) {
  const Language& language = language_of(site, request);
  html::Page page = begin_page(site, request, language.say(message.title), "account_message.html");
  page.status = message.status;
  const auto say = [&](const std::variant<Text, std::string>& what) -> std::string_view {
    const auto* text = std::get_if<Text>(&what);
    return text != nullptr ? language.say(*text) : std::get<std::string>(what);
  };
  page.values.set("SENTENCE", say(message.sentence));
  if (!message.link.empty()) {
    html::set_address(page.values.add("LINK"), "HREF", message.link)
        .set("NAME", say(message.link_text));
  }
  // By which whoever runs the server finds in the log what happened.
  if (message.status >= 400) {
    page.values.add_text("NUMBER", language.say(texts::RequestNumber{.number = request.id}));
  }
  return show(site, request, std::move(page));
}

}  // namespace latchkey::pages
