// GET and POST /account/sign-up: the stages of registration as one form.

#include <algorithm>

#include "domain/accounts/matrix_id.h"
#include "endpoints/account_pages/account_pages.h"
#include "endpoints/account_pages/terms_fields.h"
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

// `purpose`: why the person is here; may be empty.
http::Response sign_up_page(const AccountPages& pages, const http::Request& request,
                            const http::Form& sent, const pages::Refusals& refusals,
                            std::string_view purpose = {}) {
  const Language& language = pages::language_of(pages, request);
  const std::string next = pages::next_or_home(pages.router, pages::field(sent, "next"));
  html::Page page =
      pages::begin_page(pages, request, language.say(Text::sign_up), "account_sign_up.html");
  page.script = kShowPassword;
  html::Values& values = page.values;
  values.set_sent("NEXT", next).set("USER", pages::typed_field(sent, "user"));
  values.set("SIGN_IN_LINK", pages::sign_in_path(next));
  values.set("USER_HINT", language.say(texts::SignUpNameHint{.server = pages.server_name}));
  values.add_text("PURPOSE", purpose);
  put_new_password(values, pages, language, Text::password, sent, refusals);
  if (asks_for(pages, Stage::registration_token)) {
    values.add("TOKEN_FIELD").set_sent("TOKEN_TYPED", pages::typed_field(sent, "token"));
  }
  if (asks_for(pages, Stage::terms)) {
    // A link ticks nothing for anybody.
    put_terms(values, pages, language, refusals.empty() ? http::Form() : sent, refusals);
  }
  pages::put_refusals(page, refusals, {"user", "password", "repeated", "token", "terms"},
                      refusals.empty() ? "user" : std::string_view());
  http::Response response = pages::show(pages, request, std::move(page));
  pages::put_retry(response, refusals);
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

// Whether people get their accounts by coming from an identity provider.
bool providers_make_accounts(const AccountPages& pages) {
  return pages.federation != nullptr &&
         std::ranges::any_of(pages.federation->providers().all(), [](const auto& provider) {
           return provider.browser != nullptr && provider.options.registration;
         });
}

Task<http::Response> get_sign_up(const AccountPages& pages, const http::Request& request) {
  const http::Form query = pages::query_of(request);
  const auto who = co_await pages::visitor(pages, request);
  // Who is signed in and is sent here by an app (prompt=create) is meant to make another account.
  if (who && pages::field(query, "next").empty())
    co_return pages::see_other(std::string(pages::kHome));
  if (!pages.registration.open()) {
    if (!providers_make_accounts(pages)) co_return closed_page(pages, request);
    co_return pages::to_sign_in(pages::field(query, "next"), {.another = who.has_value()});
  }
  std::string purpose;
  if (who) {
    purpose = pages::language_of(pages, request)
                  .say(texts::SignUpInstead{
                      .user = accounts::matrix_id(who->account.localpart, pages.server_name)});
  }
  co_return sign_up_page(pages, request, query, {}, purpose);
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
      pages::Refused refused = pages::wrong_field(language, "token", Text::error_token);
      refused.status = 403;
      co_return std::unexpected(std::move(refused));
    }
    if (challenge->failure) co_return std::unexpected(words_of(language, passed.error()));
    session = challenge->session;
  }
  co_return std::unexpected(words_of(language, confirm::Challenge{}));
}

// What is wrong with the form, all of it, before anything is done. A token and how easily the
// password is guessed cost something to look at: only when the form is not good anyway, for else
// they are looked at on the way.
Task<pages::Refusals> check_form(const AccountPages& pages, const http::Request& request,
                                 const http::Form& sent) {
  const Language& language = pages::language_of(pages, request);
  const std::string name = pages::typed_field(sent, "user");
  pages::Refusals refusals;
  if (name.empty()) {
    refusals.push_back(pages::wrong_field(language, "user", Text::error_name_needed));
  } else if (const auto refused = co_await pages.registration.refuse(std::optional(name))) {
    refusals.push_back(pages::words(language, *refused));
  }
  const std::size_t before = refusals.size();
  check_new_password(refusals, pages, language, sent);
  const bool password_is_good = refusals.size() == before;
  if (asks_for(pages, Stage::terms) && !all_accepted(pages, language, sent)) {
    refusals.push_back(pages::wrong_field(language, "terms", Text::error_terms));
  }
  if (refusals.empty()) co_return refusals;
  const std::string address(request.client_address);
  if (password_is_good) {
    if (const auto refused = co_await pages.registration.refuse_password(
            pages::field(sent, "password"), name, address)) {
      refusals.push_back(pages::words(language, *refused));
    }
  }
  if (asks_for(pages, Stage::registration_token)) {
    const auto valid =
        co_await pages.registration.token_valid(pages::typed_field(sent, "token"), address);
    if (!valid) {
      refusals.push_back(pages::words(language, valid.error()));
    } else if (!*valid) {
      refusals.push_back(pages::wrong_field(language, "token", Text::error_token));
    }
  }
  co_return refusals;
}

Task<pages::Refusals> make_account(const AccountPages& pages, const http::Request& request,
                                   const http::Form& sent) {
  auto refusals = co_await check_form(pages, request, sent);
  if (!refusals.empty()) co_return refusals;
  const Language& language = pages::language_of(pages, request);
  registration::NewAccount wanted{.username = pages::typed_field(sent, "user"),
                                  .password = pages::field(sent, "password"),
                                  .inhibit_login = true,
                                  .session = {}};
  wanted.session.origin = request::origin_of(request);
  auto passed = co_await pass_stages(pages, request, sent);
  if (!passed) co_return pages::Refusals{std::move(passed.error())};
  const auto made = co_await pages.registration.create(request.worker, std::move(wanted), *passed);
  if (made) co_return pages::Refusals();
  // The next form is confirmed anew, perhaps with the last use of the same token.
  co_await pages.auth.give_up(*passed);
  co_return pages::Refusals{pages::words(language, made.error())};
}

Task<http::Response> post_sign_up(const AccountPages& pages, const http::Request& request,
                                  const http::Form& sent) {
  if (!pages.registration.open()) co_return closed_page(pages, request);
  const auto refusals = co_await make_account(pages, request, sent);
  if (!refusals.empty()) co_return sign_up_page(pages, request, sent, refusals);
  const std::string next = pages::next_or_home(pages.router, pages::field(sent, "next"));
  const auto signed_in = co_await pages.browsers.sign_in(
      signin::UserName{pages::typed_field(sent, "user")}, pages::field(sent, "password"),
      request::origin_of(request), pages::session_cookie(pages, request));
  // The account is there, whatever kept the browser from being signed in.
  if (!signed_in)
    co_return pages::to_sign_in(next, {.login_hint = pages::typed_field(sent, "user")});
  http::Response response = next == pages::kHome ? pages::done(pages, next, pages::Notice::welcome)
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
