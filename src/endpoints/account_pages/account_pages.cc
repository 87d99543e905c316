#include "endpoints/account_pages/account_pages.h"

#include <utility>

#include "domain/accounts/matrix_id.h"
#include "domain/accounts/password_scheme.h"
#include "endpoints/pages/next.h"
#include "endpoints/pages/words.h"
#include "endpoints/request/standard_error.h"

namespace latchkey::account_pages {
namespace {

Task<http::Response> answer_page(const AccountPages& pages, const http::Request& request,
                                 const Personal& answer) {
  const http::Form query = pages::query_of(request);
  const auto who = co_await pages::visitor(pages, request);
  if (!who) {
    std::string next(request.path);
    if (!request.query.empty()) next.append("?").append(request.query);
    co_return pages::to_sign_in(next, {.login_hint = pages::field(query, "login_hint")});
  }
  const Visit visit{pages, request, *who, pages::language_of(pages, request), query};
  co_return co_await answer(visit);
}

// The form that was sent; absent: it is none, or does not come from our pages.
std::optional<http::Form> sent_form(const AccountPages& pages, const http::Request& request,
                                    pages::From from) {
  // One for each device that is chosen, and the rest of the form.
  constexpr std::size_t kMostFields = 1000;
  auto form = http::Form::parse(request.body, kMostFields);
  if (!form || !pages::csrf_ok(pages, request, *form, from)) return std::nullopt;
  return std::move(*form);
}

Task<http::Response> answer_form(const AccountPages& pages, const http::Request& request,
                                 std::string_view back, const Personal& answer) {
  const auto who = co_await pages::visitor(pages, request);
  if (!who) co_return pages::to_sign_in(pages::same_page(pages, request, back));
  const auto form = sent_form(pages, request, pages::From::visitor);
  if (!form) co_return pages::csrf_refused(pages, request, back);
  const Visit visit{pages, request, *who, pages::language_of(pages, request), *form};
  co_return co_await answer(visit);
}

Task<http::Response> answer_open(const AccountPages& pages, const http::Request& request,
                                 const Open& answer) {
  const auto form = sent_form(pages, request, pages::From::browser);
  if (!form) co_return pages::csrf_refused(pages, request);
  co_return co_await answer(request, *form);
}

// Who opens the bare address of the server in a browser is a person.
Task<http::Response> get_root(const http::Request& /*request*/) {
  co_return pages::see_other(std::string(pages::kHome));
}

// A well-known URL for changing passwords (W3C), which password managers open.
Task<http::Response> get_change_password(const http::Request& /*request*/) {
  co_return pages::see_other("/account/password");
}

// The operator's pictures.

Task<http::Response> get_picture(const AccountPages& pages, const http::Request& request) {
  const html::Picture* picture = pages.pages.picture(request.parameters[0]);
  if (picture != nullptr) co_return html::answer(*picture, true);
  co_return pages::show_message(pages, request,
                                {.status = 404,
                                 .title = Text::fault_no_page,
                                 .sentence = Text::fault_no_page_why,
                                 .link = std::string(pages::kHome)});
}

void mount_pictures(http::Router& router, const AccountPages& pages) {
  request::Surface surface = pages::surface(pages);
  surface.name = "pictures";
  surface.of_pages = false;
  request::Routes routes(router, std::move(surface));
  routes.add(http::Method::get, std::string(html::kPictures) + "{name}",
             [&pages](const http::Request& request) { return get_picture(pages, request); });
  // Where browsers look by themselves.
  routes.add(http::Method::get, "/favicon.ico",
             [&pages](const http::Request& /*request*/) -> Task<http::Response> {
               co_return html::answer(pages.pages.favicon(), false);
             });
}

// Of a new password.

void put_password_rules(html::Values& values, const AccountPages& pages, const Language& language) {
  const self::Operations& operations = pages.operations;
  const auto limit = static_cast<std::int64_t>(operations.shortest_password());
  values.add_text("RULE", language.say(texts::PasswordLength{.limit = limit}));
  if (const accounts::CharacterClasses& required = operations.required_characters();
      required.any()) {
    values.add_text(
        "RULE",
        language.say(texts::PasswordNeeds{.classes = pages::class_names(language, required)}));
  }
  if (operations.judges_guessability()) {
    values.add_text("RULE", language.say(Text::password_unguessable));
  }
}

}  // namespace

Task<bool> may_change_password(const Visit& visit) {
  if (!visit.pages.operations.password_change_offered()) co_return false;
  co_return (co_await visit.pages.overview.profile(visit.who.account.id)).has_password;
}

Task<bool> gives_password(const AccountPages& pages, UserId user) {
  if (co_await pages.operations.password_elsewhere(user)) co_return true;
  if (!pages.operations.own_passwords_offered()) co_return false;
  co_return (co_await pages.overview.profile(user)).has_password;
}

http::Response switched_off(const Visit& visit) {
  return pages::show_message(visit.pages, visit.request,
                             {.status = 403,
                              .title = Text::switched_off,
                              .sentence = Text::switched_off_why,
                              .link = std::string(pages::kHome)});
}

void check_new_password(pages::Refusals& refusals, const AccountPages& pages,
                        const Language& language, const http::Form& sent) {
  const std::string password = pages::field(sent, "password");
  if (password.empty()) {
    refusals.push_back(pages::wrong_field(language, "password", Text::error_choose_password));
  } else if (const auto weak = pages.operations.refuse_form(password)) {
    refusals.push_back(pages::words(language, *weak));
  }
  if (!accounts::same_password(password, pages::field(sent, "repeated"))) {
    refusals.push_back(pages::wrong_field(language, "repeated", Text::error_mismatch));
  }
}

void put_new_password(html::Values& values, const AccountPages& pages, const Language& language,
                      Text label, const http::Form& sent, const pages::Refusals& refusals) {
  values.set("PASSWORD_LABEL", language.say(label));
  put_password_rules(values, pages, language);
  for (const pages::Refused& refused : refusals) {
    if (refused.field == "password" || refused.field == "repeated") return;
  }
  if (refusals.empty()) return;
  values.add_sent("PASSWORD_TYPED", pages::field(sent, "password"));
}

std::string Visit::matrix_id() const {
  return accounts::matrix_id(who.account.localpart, pages.server_name);
}

void add_page(request::Routes& routes, const AccountPages& pages, std::string path,
              Personal answer) {
  routes.add(http::Method::get, std::move(path),
             [&pages, answer = std::move(answer)](const http::Request& request) {
               return answer_page(pages, request, answer);
             });
}

void add_form(request::Routes& routes, const AccountPages& pages, std::string path,
              std::string_view back, Personal answer) {
  routes.add(http::Method::post, std::move(path),
             [&pages, back, answer = std::move(answer)](const http::Request& request) {
               return answer_form(pages, request, back, answer);
             });
}

void add_open_form(request::Routes& routes, const AccountPages& pages, std::string path,
                   Open answer) {
  routes.add(http::Method::post, std::move(path),
             [&pages, answer = std::move(answer)](const http::Request& request) {
               return answer_open(pages, request, answer);
             });
}

void mount(http::Router& router, const AccountPages& pages) {
  request::Routes routes(router, pages::surface(pages));
  routes.below(std::string(pages::kHome));
  mount_sign_in(routes, pages);
  mount_sign_up(routes, pages);
  mount_home(routes, pages);
  mount_sso(routes, pages);
  mount_devices(routes, pages);
  mount_password(routes, pages);
  mount_destroy(routes, pages);
  mount_providers(routes, pages);
  mount_newcomer(routes, pages);
  mount_ways_in(routes, pages);
  mount_confirm_app(routes, pages);
  mount_sign_out(routes, pages);
  mount_pictures(router, pages);
  routes.add(http::Method::get, "/.well-known/change-password", get_change_password);
  request::Routes root(router, {.name = "root", .refuse = request::standard_refusal});
  root.add(http::Method::get, "/", get_root, {.owner = request::Owner::homeserver});
}

}  // namespace latchkey::account_pages
