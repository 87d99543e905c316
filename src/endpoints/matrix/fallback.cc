// GET and POST /auth/{type}/fallback/web (spec "Fallback"): one stage of user-interactive
// authentication as a page.

#include "domain/accounts/matrix_id.h"
#include "endpoints/matrix/fallback_pages.h"
#include "endpoints/matrix/matrix.h"
#include "endpoints/matrix/refusals.h"
#include "endpoints/pages/confirmation.h"
#include "endpoints/pages/language.h"
#include "endpoints/pages/visit.h"
#include "endpoints/request/origin.h"
#include "platform/http/form.h"

namespace latchkey::matrix {
namespace {

using confirm::AuthFailure;
using confirm::InteractiveAuth;
using confirm::Stage;
using confirm::Turn;
using texts::Language;
using texts::Text;

http::Response form_page(const Api& api, const Language& language, Stage stage,
                         const InteractiveAuth::Page& page, FallbackForm form,
                         const http::Form& sent) {
  const std::string user_id =
      page.localpart.empty() ? "" : accounts::matrix_id(page.localpart, api.server_name);
  form.purpose = pages::purpose_of(language, page.operation, user_id);
  switch (stage) {
    case Stage::password:
      return password_page(api.pages, language, form, user_id);
    case Stage::registration_token:
      return registration_token_page(api.pages, language, form);
    case Stage::terms:
      return terms_page(api.pages, language, form,
                        pages::policies_in(language, api.registration.terms(), sent));
    case Stage::dummy:
    case Stage::sso:  // which has a page elsewhere
      break;
  }
  return dummy_page(api.pages, language, form);
}

http::Response gone(const Api& api, const Language& language, Text sentence) {
  return gone_page(api.pages, language, language.say(sentence));
}

// What is to be shown instead of the form; absent: the form.
std::optional<http::Response> instead(const Api& api, const Language& language,
                                      const std::optional<InteractiveAuth::Page>& page) {
  if (!page) return gone(api, language, Text::fallback_gone_why);
  if (page->turn == Turn::passed_already) return done_page(api.pages, language);
  if (page->turn == Turn::now) return std::nullopt;
  return gone(api, language,
              page->turn == Turn::later ? Text::fallback_not_yet : Text::fallback_not_asked);
}

std::string field(const http::Form& form, std::string_view name) {
  const auto value = form.only(name);
  return value ? std::string(value->value_or("")) : std::string();
}

// The stage and session that a person has come for, or what they are shown instead.
struct Asked {
  const Language& language;
  Stage stage;
  std::string session;
  InteractiveAuth::Page page;
};
Task<std::expected<Asked, http::Response>> ask(
    const Api& api, const http::Request& request,
    const std::expected<http::Form, http::FormError>& sent) {
  const auto stage = confirm::stage_named(request.parameters[0]);
  const Language& language = pages::language_of(api.pages, request);
  if (!stage || !sent) co_return std::unexpected(gone(api, language, Text::fallback_gone_why));
  std::string session = field(*sent, fallback_field::kSession);
  const auto page = co_await api.auth.look(session, *stage);
  if (auto response = instead(api, language, page)) co_return std::unexpected(std::move(*response));
  // The way to a provider and back is one of the account pages, with their cookies.
  if (*stage == Stage::sso) {
    co_return std::unexpected(pages::see_other(pages::confirm_path(session)));
  }
  co_return Asked{language, *stage, std::move(session), *page};
}

Task<http::Response> get_page(const Api& api, const http::Request& request) {
  const auto asked = co_await ask(api, request, http::Form::parse(request.query));
  if (!asked) co_return asked.error();
  http::Response response =
      form_page(api, asked->language, asked->stage, asked->page, {.session = asked->session}, {});
  pages::keep_language(api.public_url, api.pages, request, response);
  co_return response;
}

struct Wrong {
  int status;
  Text sentence;
  std::optional<Duration> retry_after;
  std::string_view at;  // the field; empty: the form
};

Wrong wrong(const std::variant<AuthFailure, signin::LoginRefused>& refused) {
  if (const auto* login = std::get_if<signin::LoginRefused>(&refused)) {
    using Why = signin::LoginRefused::Why;
    if (login->why == Why::directory_away) {
      return {503, Text::fallback_directory_away, login->retry_after, {}};
    }
    if (login->why == Why::directory_refuses) {
      return {403, Text::fallback_wrong_password, {}, fallback_field::kPassword};
    }
    return {429, Text::fallback_too_many, login->retry_after, {}};
  }
  const bool password = std::get<AuthFailure>(refused) == AuthFailure::wrong_password;
  return {403,
          password ? Text::fallback_wrong_password : Text::error_token,
          {},
          password ? fallback_field::kPassword : fallback_field::kToken};
}

Task<http::Response> post_page(const Api& api, const http::Request& request) {
  const auto sent = http::Form::parse(request.body);
  const auto asked = co_await ask(api, request, sent);
  if (!asked) co_return asked.error();
  const Language& language = asked->language;
  const auto again = [&](int status, Text sentence, std::string_view at) {
    return form_page(api, language, asked->stage, asked->page,
                     {.session = asked->session,
                      .error = std::string(language.say(sentence)),
                      .status = status,
                      .error_at = at},
                     *sent);
  };
  if (asked->stage == Stage::terms &&
      !pages::all_ticked(pages::policies_in(language, api.registration.terms(), *sent))) {
    co_return again(400, Text::error_terms, fallback_field::kTerms);
  }
  const confirm::AuthData data{.password = field(*sent, fallback_field::kPassword),
                               .token = field(*sent, fallback_field::kToken)};
  const auto refused = co_await api.auth.pass(asked->session, asked->stage, data,
                                              std::string(request.client_address));
  if (!refused) co_return done_page(api.pages, language);
  const auto* failure = std::get_if<AuthFailure>(&*refused);
  if (failure != nullptr && *failure == AuthFailure::session_over) {
    co_return gone(api, language, Text::fallback_gone_why);
  }
  const Wrong answer = wrong(*refused);
  http::Response response = again(answer.status, answer.sentence, answer.at);
  if (answer.retry_after) request::put_retry_after(response, *answer.retry_after);
  co_return response;
}

}  // namespace

void mount_fallback(request::Routes& routes, const Api& api) {
  for (const std::string version : {"r0", "v3"}) {
    const std::string path = "/_matrix/client/" + version + "/auth/{type}/fallback/web";
    routes.add(http::Method::get, path,
               [&api](const http::Request& request) { return get_page(api, request); });
    routes.add(http::Method::post, path,
               [&api](const http::Request& request) { return post_page(api, request); });
  }
}

}  // namespace latchkey::matrix
