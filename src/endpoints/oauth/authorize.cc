// GET and POST /oauth2/authorize (RFC 6749 section 3.1; OpenID Connect Core section 3.1.2): the
// whole request stands in the query until the person has decided, so nothing is written for
// whoever opens the address. On the way over the sign-in page it is one short value (pages/next.h).

#include <algorithm>
#include <iterator>
#include <ranges>

#include "domain/oauth/authorization_request.h"
#include "domain/oauth/id_token.h"
#include "endpoints/oauth/consent_page.h"
#include "endpoints/oauth/oauth.h"
#include "endpoints/pages/next.h"

namespace latchkey::oauth {
namespace {

using signin::BrowserSession;

constexpr std::string_view kLoginRequired = "login_required";

AuthorizationParameters read_parameters(const http::Form& query) {
  AuthorizationParameters p;
  const auto take = [&](std::string_view name, std::string& into) {
    const auto value = query.only(name);
    if (!value) {
      p.has_duplicates = true;
    } else {
      into = value->value_or("");
    }
  };
  take("response_type", p.response_type);
  take("redirect_uri", p.redirect_uri);
  take("response_mode", p.response_mode);
  take("scope", p.scope);
  take("state", p.state);
  take("code_challenge", p.code_challenge);
  take("code_challenge_method", p.code_challenge_method);
  take("nonce", p.nonce);
  take("prompt", p.prompt);
  take("login_hint", p.login_hint);
  take("max_age", p.max_age);
  std::string ui_locales;  // read by pages::language_of()
  take("ui_locales", ui_locales);
  std::string object;
  take("request", object);
  std::string object_uri;
  take("request_uri", object_uri);
  p.has_request = !object.empty();
  p.has_request_uri = !object_uri.empty();
  take("id_token_hint", p.id_token_hint);
  return p;
}

// The same request without what the page it comes back from has seen to: else a person who was
// asked for the password (prompt=login, max_age=0) would be asked again and again. A path, with the
// request shortened.
std::string coming_back(std::string_view query) {
  constexpr std::string_view kSeenTo[] = {"prompt", "max_age", "id_token_hint"};
  std::string kept;
  for (const auto part : std::views::split(query, '&')) {
    const std::string_view text(part.begin(), part.end());
    const auto field = http::Form::parse(text);
    const bool seen_to =
        field && !field->fields().empty() &&
        std::ranges::find(kSeenTo, field->fields().front().name) != std::end(kSeenTo);
    if (!seen_to) kept.append(kept.empty() ? "" : "&").append(text);
  }
  return pages::shortened(std::string(path::kAuthorize) + "?" + kept);
}

void complete(const Api& api, const ReturnAddress& where, std::vector<http::Form::Field>& fields) {
  if (!where.state.empty()) fields.push_back({"state", where.state});
  fields.push_back({"iss", api.public_url.base()});  // RFC 9207
}

std::string shown_name(const http::Request& request, const clients::Client& client) {
  return client.shown_name(pages::accepted_languages(request));
}

// OAuth 2.0 Form Post Response Mode: a page whose form goes to the client, by itself or by a click.
http::Response form_to_client(const Api& api, const http::Request& request,
                              const clients::Client& client, const ReturnAddress& where,
                              std::span<const http::Form::Field> fields, bool at_once) {
  const std::string back = pages::language_of(api.site, request)
                               .say(texts::LogoutBack{.app = shown_name(request, client)});
  html::Page page = pages::begin_page(api.site, request, back, "form_post.html");
  page.form_target = html::form_target_of(where.redirect_uri);
  if (at_once) page.script = "form_post.js";
  page.values.set("ACTION", where.redirect_uri).set("BACK", back);
  for (const http::Form::Field& field : fields) {
    page.values.add("FIELD").set_sent("NAME", field.name).set_sent("VALUE", field.value);
  }
  return pages::show(api.site, request, std::move(page));
}

// The answer to the client. Not `at_once` (may_redirect_at_once()): the person sees where it goes.
http::Response answer_client(const Api& api, const http::Request& request,
                             const clients::Client& client, const ReturnAddress& where,
                             std::vector<http::Form::Field> fields, bool at_once = true) {
  complete(api, where, fields);
  if (where.mode == ResponseMode::form_post) {
    return form_to_client(api, request, client, where, fields, at_once);
  }
  std::string address = redirect_to(where, http::encode_form(fields));
  std::string back = pages::language_of(api.site, request)
                         .say(texts::LogoutBack{.app = shown_name(request, client)});
  if (at_once) {
    // The form of the sign-in page leads to a shortened request, and to this server alone.
    const bool after_form =
        request.method != http::Method::post && pages::is_shortened(request.query);
    if (after_form) {
      return pages::go_on(api.site, request, std::move(address), back);
    }
    return pages::see_other(std::move(address));
  }
  const bool silent = !fields.empty() && fields.front().value == kLoginRequired;
  return pages::show_message(
      api.site, request,
      {.status = 400,
       .title = Text::authorize_failed,
       .sentence = silent ? Text::authorize_signed_out : Text::authorize_refused,
       .link = std::move(address),
       .link_text = std::move(back)});
}

http::Response tell_client(const Api& api, const http::Request& request,
                           const clients::Client& client, const ReturnAddress& where,
                           std::string_view error, std::string_view sentence, bool at_once = true) {
  return answer_client(
      api, request, client, where,
      {{"error", std::string(error)}, {"error_description", std::string(sentence)}}, at_once);
}

// Told to the person, for who asks is not to be trusted with an answer.
http::Response failed(const Api& api, const http::Request& request, Text sentence) {
  return pages::show_message(
      api.site, request, {.status = 400, .title = Text::authorize_failed, .sentence = sentence});
}

// `at_once`: of may_redirect_at_once().
http::Response answer_refused(const Api& api, const http::Request& request,
                              const AuthorizationRefused& refused, const clients::Client* client,
                              bool at_once) {
  if (const auto* told = std::get_if<ToClient>(&refused)) {
    return tell_client(api, request, *client, told->where, told->error, told->sentence, at_once);
  }
  const bool known = std::get<NotTheClients>(refused) == NotTheClients::wrong_address;
  return failed(api, request,
                known ? Text::authorize_wrong_address : Text::authorize_unknown_client);
}

Task<http::Response> grant(const Api& api, const http::Request& request,
                           const BrowserSession& browser, const AuthorizationRequest& asked,
                           std::string next) {
  const auto code = co_await api.codes.issue(browser, asked);
  if (code) {
    co_return answer_client(api, request, *asked.client, return_address(asked), {{"code", *code}});
  }
  co_return pages::to_sign_in(next);
}

struct Asked {
  std::string query;
  AuthorizationRequest request;
};
Task<std::expected<Asked, http::Response>> read(const Api& api, const http::Request& request,
                                                const BrowserSession* browser) {
  const std::string query = pages::full_query(request.query);
  const auto fields = http::Form::parse(query);
  if (!fields || query.size() > pages::kLongestQuery) {
    co_return std::unexpected(
        failed(api, request, fields ? Text::authorize_long : Text::authorize_unreadable));
  }
  const auto client_id = fields->only("client_id");
  auto client =
      co_await api.clients.find(client_id ? std::string(client_id->value_or("")) : std::string());
  const AuthorizationParameters parameters = read_parameters(*fields);
  auto asked = read_authorization_request(client, parameters);
  if (!asked) {
    const bool at_once = client && may_redirect_at_once(*client, browser != nullptr);
    co_return std::unexpected(answer_refused(api, request, asked.error(), client.get(), at_once));
  }
  if (!parameters.id_token_hint.empty()) {
    const auto keys = co_await api.keys.current();
    const auto hint =
        read_id_token_hint(parameters.id_token_hint, keys->published(), api.public_url.base());
    asked->wrong_hint = !hint || hint->client_id != client->id;
    if (!asked->wrong_hint) asked->hinted = hint->user;
  }
  co_return Asked{query, std::move(*asked)};
}

Task<http::Response> get_authorize(const Api& api, const http::Request& request) {
  const auto browser = co_await pages::visitor(api.site, request);
  const auto asked = co_await read(api, request, browser ? &*browser : nullptr);
  if (!asked) co_return asked.error();
  const bool consented = browser && asked->request.prompt.none &&
                         co_await api.codes.consented(*browser, asked->request);
  const ReturnAddress where = return_address(asked->request);
  const std::string next = coming_back(asked->query);
  switch (next_step(asked->request, browser ? &*browser : nullptr, consented, api.clock.now())) {
    case AuthorizationStep::sign_up:
      co_return pages::to_sign_up(next);
    case AuthorizationStep::sign_in:
      co_return pages::to_sign_in(next, {.login_hint = asked->request.login_hint});
    case AuthorizationStep::give_password_again:
      co_return pages::to_sign_in(next, {.login_hint = asked->request.login_hint, .again = true});
    case AuthorizationStep::use_another_account:
      co_return pages::to_sign_in(next, {.another = true});
    case AuthorizationStep::grant:
      co_return co_await grant(api, request, *browser, asked->request, next);
    case AuthorizationStep::login_required:
      co_return tell_client(api, request, *asked->request.client, where, kLoginRequired,
                            "The person has to sign in.",
                            may_redirect_at_once(*asked->request.client, browser.has_value()));
    case AuthorizationStep::consent_required:
      co_return tell_client(api, request, *asked->request.client, where, "consent_required",
                            "The person has to consent.");
    case AuthorizationStep::ask_consent:
      break;
  }
  co_return co_await consent_page(api, request, asked->request, *browser, next);
}

Task<http::Response> post_authorize(const Api& api, const http::Request& request) {
  const auto form = http::Form::parse(request.body);
  // A client may post its request (OpenID Connect Core section 3.1.2.1). The browser sends no
  // cookie with a form of another site, so it comes once more as a link.
  if (form && request.query.empty() && !form->fields().empty() && http::has_form(request) &&
      pages::field(*form, "decision").empty()) {
    co_return pages::see_other(carried(path::kAuthorize, http::encode_form(form->fields())));
  }
  const auto browser = co_await pages::visitor(api.site, request);
  // Signed out meanwhile. Nothing is decided, so that no page of another site can have it done.
  if (!browser) co_return pages::to_sign_in(pages::same_page(api.site, request));
  if (!form || !pages::csrf_ok(api.site, request, *form)) {
    co_return pages::csrf_refused(api.site, request);
  }
  const auto asked = co_await read(api, request, &*browser);
  if (!asked) co_return asked.error();
  const std::string next = coming_back(asked->query);
  const std::string decision = pages::field(*form, "decision");
  if (decision == "deny") {
    co_return tell_client(api, request, *asked->request.client, return_address(asked->request),
                          "access_denied", "The person has said no.");
  }
  if (decision != "allow") co_return pages::see_other(next);
  co_return co_await grant(api, request, *browser, asked->request, next);
}

}  // namespace

void mount_authorize(request::Routes& routes, const Api& api) {
  const std::string pattern(path::kAuthorize);
  routes.add(http::Method::get, pattern,
             [&api](const http::Request& request) { return get_authorize(api, request); });
  routes.add(http::Method::post, pattern,
             [&api](const http::Request& request) { return post_authorize(api, request); });
}

}  // namespace latchkey::oauth
