#include "endpoints/pages/visit.h"

#include <utility>

#include "endpoints/pages/cookie.h"
#include "endpoints/pages/next.h"
#include "endpoints/request/origin.h"
#include "platform/crypto/equal.h"
#include "platform/crypto/random.h"
#include "platform/http/percent.h"
#include "platform/text/base64.h"
#include "platform/text/utf8.h"

namespace latchkey::pages {
namespace {

// Of the cookie for forms before anybody is signed in; it lasts as long as the browser is open.
constexpr std::string_view kFormCookie = "-form";

// What the hidden field is derived from; empty: the browser has no cookie of ours.
std::string_view form_secret(const http::PublicUrl& url, const http::Request& request) {
  const std::string_view session = cookie_value(request, cookie_name(url));
  return session.empty() ? cookie_value(request, cookie_name(url, kFormCookie)) : session;
}

std::string to_page(std::string_view path, std::string_view next) {
  return std::string(path) + "?next=" + http::percent_encode(local_path(next) ? next : kHome);
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
  if (!hints.login_hint.empty())
    location += "&login_hint=" + http::percent_encode(hints.login_hint);
  if (hints.again) location += "&again=1";
  if (hints.another) location += "&another=1";
  return location;
}

http::Response to_sign_in(std::string_view next, const SignInHints& hints) {
  return see_other(sign_in_path(next, hints));
}

http::Response to_sign_up(std::string_view next) {
  return see_other(to_page("/account/sign-up", next));
}

CsrfToken csrf_token(const Site& site, const http::Request& request) {
  const std::string_view secret = form_secret(site.public_url, request);
  if (!secret.empty()) return {.value = csrf_value(secret)};
  std::string fresh = text::encode_base64url(crypto::random_array<16>());
  std::string value = csrf_value(fresh);
  return {.value = std::move(value), .new_cookie = std::move(fresh)};
}

void hand_over(const Site& site, http::Response& response, const CsrfToken& token) {
  const http::PublicUrl& url = site.public_url;
  if (token.new_cookie.empty()) return;
  response.headers.emplace_back(
      "Set-Cookie", set_cookie(url, cookie_name(url, kFormCookie), token.new_cookie, std::nullopt));
}

bool csrf_ok(const Site& site, const http::Request& request, const http::Form& form) {
  const http::PublicUrl& url = site.public_url;
  const std::string_view secret = form_secret(url, request);
  if (secret.empty() || from_elsewhere(url, request)) return false;
  return crypto::equal(csrf_value(secret), field(form, kCsrfField));
}

http::Response csrf_refused(const Site& site, const http::Request& request) {
  return show_message(site, request,
                      {.status = 403,
                       .title = Text::form_old,
                       .sentence = Text::form_old_why,
                       .link = std::string(kHome)});
}

http::Form query_of(const http::Request& request) {
  auto query = http::Form::parse(request.query);
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

http::Response show(const Site& site, const http::Request& request, html::Page page) {
  const CsrfToken token = csrf_token(site, request);
  page.values.set("CSRF", token.value);
  http::Response response = site.pages.answer(std::move(page));
  response.headers.emplace_back("Vary", "Accept-Language, Cookie");
  hand_over(site, response, token);
  return response;
}

http::Response show_message(const Site& site, const http::Request& request,
                            const Message& message) {
  const Language& language = language_of(site, request);
  html::Page page = begin_page(site, request, language.say(message.title), "account_message.html");
  page.status = message.status;
  page.values.set("SENTENCE", language.say(message.sentence));
  if (!message.link.empty()) {
    const auto* text = std::get_if<Text>(&message.link_text);
    page.values.add("LINK")
        .set("HREF", message.link)
        .set("NAME",
             text != nullptr ? language.say(*text) : std::get<std::string>(message.link_text));
  }
  return show(site, request, std::move(page));
}

}  // namespace latchkey::pages
