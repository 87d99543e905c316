// GET and POST /account/newcomer: what is asked of who comes from an identity provider for the
// first time: a name, or the password of the account that has it.

#include <utility>
#include <variant>

#include "domain/accounts/matrix_id.h"
#include "endpoints/account_pages/account_pages.h"
#include "endpoints/account_pages/provider_answers.h"
#include "endpoints/account_pages/terms_fields.h"
#include "endpoints/pages/words.h"
#include "endpoints/request/origin.h"
#include "platform/http/form.h"

namespace latchkey::account_pages {
namespace {

using federation::Course;

http::Response choose_page(const AccountPages& pages, const http::Request& request,
                           const federation::Question& question, const http::Form& sent,
                           const pages::Refusals& refusals) {
  const Language& language = pages::language_of(pages, request);
  html::Page page = pages::begin_page(pages, request, language.say(Text::newcomer_title),
                                      "account_newcomer.html");
  html::Values& values = page.values;
  const std::string typed = pages::typed_field(sent, "user");
  values.set_sent("WAY", question.state);
  values.set("PURPOSE", language.say(texts::NewcomerWhy{.provider = question.provider}));
  values.set("USER", typed.empty() ? question.localpart : typed);
  values.set("USER_HINT", language.say(texts::SignUpNameHint{.server = pages.server_name}));
  values.add_text("SHOWN_NAME", question.display_name).add_text("EMAIL", question.email);
  if (!pages.registration.terms().empty()) put_terms(values, pages, language, sent, refusals);
  pages::put_refusals(page, refusals, {"user", "terms"}, "user");
  http::Response response = pages::show(pages, request, std::move(page));
  pages::put_retry(response, refusals);
  return response;
}

http::Response prove_page(const AccountPages& pages, const http::Request& request,
                          const federation::Question& question, const pages::Refusals& refusals) {
  const Language& language = pages::language_of(pages, request);
  html::Page page =
      pages::begin_page(pages, request, language.say(Text::prove_title), "account_prove.html");
  page.script = kShowPassword;
  const std::string user = accounts::matrix_id(question.localpart, pages.server_name);
  page.values.set_sent("WAY", question.state).set("ACCOUNT", user);
  page.values.set("PURPOSE",
                  language.say(texts::ProveWhy{.provider = question.provider, .user = user}));
  pages::put_refusals(page, refusals, {"password"}, "password");
  http::Response response = pages::show(pages, request, std::move(page));
  pages::put_retry(response, refusals);
  return response;
}

http::Response question_page(const AccountPages& pages, const http::Request& request,
                             const federation::Question& question, const http::Form& sent,
                             const pages::Refusals& refusals) {
  return question.course == Course::prove_account
             ? prove_page(pages, request, question, refusals)
             : choose_page(pages, request, question, sent, refusals);
}

Task<http::Response> get_newcomer(const AccountPages& pages, const http::Request& request) {
  const http::Form query = pages::query_of(request);
  const auto question =
      co_await pages.federation->question(pages::field(query, "way"), ways_cookie(pages, request));
  if (!question) co_return refused_page(pages, request, question.error());
  co_return question_page(pages, request, *question, {}, {});
}

// What is wrong with the form that chooses a name.
pages::Refusals check_choice(const AccountPages& pages, const Language& language,
                             const http::Form& sent) {
  pages::Refusals refusals;
  if (pages::typed_field(sent, "user").empty()) {
    refusals.push_back(pages::wrong_field(language, "user", Text::error_name_needed));
  }
  if (!all_accepted(pages, language, sent)) {
    refusals.push_back(pages::wrong_field(language, "terms", Text::error_terms));
  }
  return refusals;
}

Task<http::Response> post_choice(const AccountPages& pages, const http::Request& request,
                                 const http::Form& sent, const federation::Question& question) {
  const Language& language = pages::language_of(pages, request);
  const auto wrong = check_choice(pages, language, sent);
  if (!wrong.empty()) co_return choose_page(pages, request, question, sent, wrong);
  const auto made =
      co_await pages.federation->choose({.state = question.state,
                                         .browser = ways_cookie(pages, request),
                                         .localpart = pages::typed_field(sent, "user"),
                                         .terms = all_accepted(pages, language, sent),
                                         .cookie = pages::session_cookie(pages, request),
                                         .origin = request::origin_of(request),
                                         .worker = request.worker});
  if (made) co_return signed_in_page(pages, *made);
  if (const auto* refused = std::get_if<federation::Refused>(&made.error())) {
    co_return refused_page(pages, request, *refused);
  }
  co_return choose_page(
      pages, request, question, sent,
      {pages::words(language, std::get<registration::RegistrationRefused>(made.error()))});
}

Task<http::Response> post_proof(const AccountPages& pages, const http::Request& request,
                                const http::Form& sent, const federation::Question& question) {
  const Language& language = pages::language_of(pages, request);
  std::string password = pages::field(sent, "password");
  if (password.empty()) {
    co_return prove_page(pages, request, question,
                         {pages::wrong_field(language, "password", Text::error_password_needed)});
  }
  const auto proved =
      co_await pages.federation->prove({.state = question.state,
                                        .browser = ways_cookie(pages, request),
                                        .password = std::move(password),
                                        .cookie = pages::session_cookie(pages, request),
                                        .origin = request::origin_of(request)});
  if (proved) co_return signed_in_page(pages, *proved);
  if (const auto* refused = std::get_if<federation::Refused>(&proved.error())) {
    co_return refused_page(pages, request, *refused);
  }
  const auto& login = std::get<signin::LoginRefused>(proved.error());
  if (login.why != signin::LoginRefused::Why::wrong_credentials) {
    co_return prove_page(pages, request, question, {pages::words(language, login)});
  }
  pages::Refused wrong = pages::wrong_field(language, "password", Text::error_password);
  wrong.status = 403;
  co_return prove_page(pages, request, question, {wrong});
}

Task<http::Response> post_newcomer(const AccountPages& pages, const http::Request& request,
                                   const http::Form& sent) {
  const auto question =
      co_await pages.federation->question(pages::field(sent, "way"), ways_cookie(pages, request));
  if (!question) co_return refused_page(pages, request, question.error());
  if (question->course == Course::prove_account) {
    co_return co_await post_proof(pages, request, sent, *question);
  }
  co_return co_await post_choice(pages, request, sent, *question);
}

}  // namespace

void mount_newcomer(request::Routes& routes, const AccountPages& pages) {
  if (pages.federation == nullptr) return;
  routes.add(http::Method::get, std::string(kNewcomer),
             [&pages](const http::Request& request) { return get_newcomer(pages, request); });
  add_open_form(routes, pages, std::string(kNewcomer),
                [&pages](const http::Request& request, const http::Form& sent) {
                  return post_newcomer(pages, request, sent);
                });
}

}  // namespace latchkey::account_pages
