// GET and POST /account/sign-up: the stages of registration as one form.

#include <algorithm>

#include "domain/accounts/matrix_id.h"
#include "domain/accounts/password_scheme.h"
#include "endpoints/account_pages/account_pages.h"
#include "endpoints/pages/next.h"
#include "endpoints/pages/surface.h"
#include "endpoints/pages/words.h"
#include "endpoints/request/origin.h"

namespace latchkey::account_pages {
namespace {

using confirm::Stage;
using Passed = std::expected<confirm::AuthPassed, pages::Refused>;

bool asks_for(const AccountPages& pages, Stage stage) {
  return std::ranges::find(pages.sign_up_stages, stage) != pages.sign_up_stages.end();
}

bool accepted(const http::Form& sent, std::string_view id) {
  return std::ranges::any_of(sent.fields(),
                             [&](const auto& f) { return f.name == "accepted" && f.value == id; });
}

void put_terms(const AccountPages& pages, html::Values& values, const http::Form& sent,
               const Language& language) {
  html::Values& terms = values.add("TERMS_FIELD");
  int number = 0;
  for (const auto& [id, policy] : pages.registration.terms().policies()) {
    const auto& document = pages::document_in(language, policy.as_object());
    html::Values& row = terms.add("POLICY");
    row.set("NUMBER", std::to_string(++number)).set("ID", id);
    row.set("NAME", document.at("name").as_string()).set("URL", document.at("url").as_string());
    if (accepted(sent, id)) row.add("TICKED");
  }
}

// `purpose`: why the person is here; may be empty.
http::Response sign_up_page(const AccountPages& pages, const http::Request& request,
                            const http::Form& sent, const pages::Refused& refused,
                            std::string_view purpose = {}) {
  const Language& language = pages::language_of(pages, request);
  const std::string next = pages::next_or_home(pages.router, pages::field(sent, "next"));
  html::Page page =
      pages::begin_page(pages, request, language.say(Text::sign_up), "account_sign_up.html");
  html::Values& values = page.values;
  values.set("NEXT", next).set("USER", pages::typed_field(sent, "user"));
  values.set("SIGN_IN_LINK", pages::sign_in_path(next));
  values.set("USER_HINT", language.say(texts::SignUpNameHint{.server = pages.server_name}));
  values.add_text("PURPOSE", purpose).add_text("ERROR", refused.sentence);
  put_required(values, pages, language);
  if (asks_for(pages, Stage::registration_token)) {
    values.add("TOKEN_FIELD").set("TOKEN_TYPED", pages::typed_field(sent, "token"));
  }
  if (asks_for(pages, Stage::terms)) put_terms(pages, values, sent, language);
  if (!refused.sentence.empty()) page.status = refused.status;
  http::Response response = pages::show(pages, request, std::move(page));
  pages::put_retry(response, refused);
  return response;
}

http::Response closed_page(const AccountPages& pages, const http::Request& request) {
  return pages::show_message(pages, request,
                             {.status = 403,
                              .title = Text::sign_up_closed,
                              .sentence = Text::sign_up_closed_why,
                              .link = "/account/sign-in",
                              .link_text = Text::sign_in});
}

Task<http::Response> get_sign_up(const AccountPages& pages, const http::Request& request) {
  const http::Form query = pages::query_of(request);
  const auto who = co_await pages::visitor(pages, request);
  // Who is signed in and is sent here by an app (prompt=create) is meant to make another account.
  if (who && pages::field(query, "next").empty())
    co_return pages::see_other(std::string(pages::kHome));
  if (!pages.registration.open()) co_return closed_page(pages, request);
  std::string purpose;
  if (who) {
    purpose = pages::language_of(pages, request)
                  .say(texts::SignUpInstead{
                      .user = accounts::matrix_id(who->account.localpart, pages.server_name)});
  }
  co_return sign_up_page(pages, request, query, {}, purpose);
}

// What is seen at once in the form; absent: nothing is wrong.
std::optional<Text> wrong_field(const AccountPages& pages, const http::Form& sent) {
  if (pages::typed_field(sent, "user").empty()) return Text::error_name_needed;
  if (!accounts::same_password(pages::field(sent, "password"), pages::field(sent, "repeated"))) {
    return Text::error_mismatch;
  }
  if (!asks_for(pages, Stage::terms)) return std::nullopt;
  const bool all = std::ranges::all_of(pages.registration.terms().policies(),
                                       [&](const auto& p) { return accepted(sent, p.key()); });
  return all ? std::nullopt : std::optional(Text::error_terms);
}

pages::Refused words_of(const Language& language, const confirm::AuthRefused& refused) {
  if (const auto* login = std::get_if<signin::LoginRefused>(&refused)) {
    return pages::words(language, *login);
  }
  return pages::words(
      language, registration::RegistrationRefused{registration::RegistrationRefused::Why::busy});
}

// Passes the stages one after the other in a session of this one form.
Task<Passed> pass_stages(const AccountPages& pages, const http::Request& request,
                         const http::Form& sent) {
  const Language& language = pages::language_of(pages, request);
  const confirm::AuthRequest asked{.operation = "POST /account/sign-up",
                                   .subject = {},
                                   .body = {},  // one form has it all
                                   .address = std::string(request.client_address)};
  std::optional<std::string> session;
  for (const Stage stage : pages.sign_up_stages) {
    confirm::AuthData data{.session = session, .type = std::string(confirm::name_of(stage))};
    if (stage == Stage::registration_token) data.token = pages::typed_field(sent, "token");
    auto passed = co_await pages.auth.check(asked, std::move(data));
    if (passed) co_return std::move(*passed);
    const auto* challenge = std::get_if<confirm::Challenge>(&passed.error());
    if (challenge == nullptr) co_return std::unexpected(words_of(language, passed.error()));
    if (challenge->failure == confirm::AuthFailure::wrong_token) {
      co_return std::unexpected(
          pages::Refused{.status = 403, .sentence = std::string(language.say(Text::error_token))});
    }
    if (challenge->failure) co_return std::unexpected(words_of(language, passed.error()));
    session = challenge->session;
  }
  co_return std::unexpected(words_of(language, confirm::Challenge{}));
}

Task<std::optional<pages::Refused>> make_account(const AccountPages& pages,
                                                 const http::Request& request,
                                                 const http::Form& sent) {
  const Language& language = pages::language_of(pages, request);
  if (const auto wrong = wrong_field(pages, sent)) {
    co_return pages::Refused{.status = 400, .sentence = std::string(language.say(*wrong))};
  }
  registration::NewAccount wanted{.username = pages::typed_field(sent, "user"),
                                  .password = pages::field(sent, "password"),
                                  .inhibit_login = true,
                                  .session = {}};
  wanted.session.origin = request::origin_of(request);
  if (const auto refused = co_await pages.registration.refuse(wanted)) {
    co_return pages::words(language, *refused);
  }
  auto passed = co_await pass_stages(pages, request, sent);
  if (!passed) co_return passed.error();
  const auto made = co_await pages.registration.create(request.worker, std::move(wanted), *passed);
  if (made) co_return std::nullopt;
  // The next form is confirmed anew, perhaps with the last use of the same token.
  co_await pages.auth.give_up(*passed);
  co_return pages::words(language, made.error());
}

Task<http::Response> post_sign_up(const AccountPages& pages, const http::Request& request,
                                  const http::Form& sent) {
  if (!pages.registration.open()) co_return closed_page(pages, request);
  if (const auto refused = co_await make_account(pages, request, sent)) {
    co_return sign_up_page(pages, request, sent, *refused);
  }
  const std::string next = pages::next_or_home(pages.router, pages::field(sent, "next"));
  const auto signed_in = co_await pages.browsers.sign_in(
      signin::UserName{pages::typed_field(sent, "user")}, pages::field(sent, "password"),
      request::origin_of(request), pages::session_cookie(pages, request));
  // The account is there, whatever kept the browser from being signed in.
  if (!signed_in)
    co_return pages::to_sign_in(next, {.login_hint = pages::typed_field(sent, "user")});
  http::Response response = next == pages::kHome ? pages::done(pages::kHome, pages::Notice::welcome)
                                                 : pages::see_other(next);
  pages::give_cookie(pages, response, signed_in->cookie);
  co_return response;
}

}  // namespace

void mount_sign_up(request::Routes& routes, const AccountPages& pages) {
  routes.add(http::Method::get, "/account/sign-up",
             [&pages](const http::Request& request) { return get_sign_up(pages, request); });
  add_open_form(routes, pages, "/account/sign-up",
                [&pages](const http::Request& request, const http::Form& sent) {
                  return post_sign_up(pages, request, sent);
                });
}

}  // namespace latchkey::account_pages
