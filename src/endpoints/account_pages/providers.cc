// GET /account/providers/{id}: away to an identity provider; GET and POST …/callback and …/acs:
// back from it (spec "Client login via SSO"; OpenID Connect Core section 3.1.2.5; SAML Profiles
// section 4.1.4); …/logout: what it says of sign-outs, …/metadata: what it has to know of this
// server.

#include <algorithm>
#include <variant>

#include "endpoints/account_pages/account_pages.h"
#include "endpoints/account_pages/provider_answers.h"
#include "endpoints/pages/confirmation.h"
#include "endpoints/pages/cookie.h"
#include "endpoints/pages/next.h"
#include "endpoints/request/origin.h"
#include "platform/http/form.h"

namespace latchkey::account_pages {
namespace {

using federation::Arrived;
using federation::Purpose;
using Why = federation::Refused::Why;

// A SAMLResponse of 256 KiB as base64, percent-encoded here and there.
constexpr std::size_t kMaxAcs = 400UL * 1024;
// Of the ways of this browser; it lasts as long as the browser is open.
constexpr std::string_view kWaysCookie = "-ways";

int status_of(Why why) {
  switch (why) {
    case Why::unknown_provider:
      return 404;
    case Why::too_many:
      return 429;
    case Why::unavailable:
    case Why::busy:
      return 503;
    case Why::misconfigured:
      return 502;
    case Why::way_over:
    case Why::not_believed:
    case Why::signed_out:
    case Why::confirmation_over:
      return 400;
    default:
      return 403;
  }
}

void put_retry(http::Response& response, const federation::Refused& refused) {
  if (refused.retry_after > Duration{0}) request::put_retry_after(response, refused.retry_after);
}

// A page whose form goes to the provider, by itself or by a click.
http::Response form_to_provider(const AccountPages& pages, const http::Request& request,
                                const providers::Departure& departure, const std::string& label) {
  html::Page page = pages::begin_page(pages, request, label, "form_post.html");
  page.form_target = html::form_target_of(departure.url);
  page.script = "form_post.js";
  page.values.set("ACTION", departure.url).set("BACK", label);
  for (const auto& [name, value] : departure.posted) {
    page.values.add("FIELD").set_sent("NAME", name).set_sent("VALUE", value);
  }
  return pages::show(pages, request, std::move(page));
}

std::string shown_name(const AccountPages& pages, const std::string& provider) {
  const auto* found = pages.federation->providers().find(provider);
  return found != nullptr ? found->options.name : "";
}

}  // namespace

std::string sentence_of(const Language& language, const federation::Refused& refused) {
  const std::string_view provider = refused.provider;
  switch (refused.why) {
    case Why::unavailable:
      return language.say(texts::ProviderUnavailable{.provider = provider});
    case Why::misconfigured:
      return language.say(texts::ProviderMisconfigured{.provider = provider});
    case Why::denied:
      return language.say(texts::ProviderDenied{.provider = provider});
    case Why::not_fresh:
      return language.say(texts::ProviderNotFresh{.provider = provider});
    case Why::not_believed:
      return language.say(texts::ProviderNotBelieved{.provider = provider});
    case Why::no_account:
      return language.say(texts::ProviderNoAccount{.provider = provider});
    case Why::name_taken:
      return language.say(texts::ProviderNameTaken{.provider = provider});
    case Why::linked_elsewhere:
      return language.say(texts::ProviderLinkedElsewhere{.provider = provider});
    case Why::another_person:
      return language.say(texts::ProviderAnotherPerson{.provider = provider});
    case Why::last_way_in:
      return std::string(language.say(Text::provider_last_way_in));
    case Why::unknown_provider:
      return std::string(language.say(Text::provider_unknown));
    case Why::too_many:
    case Why::busy:
      return std::string(language.say(Text::error_busy));
    case Why::signed_out:
      return std::string(language.say(Text::provider_signed_out));
    case Why::confirmation_over:
      return std::string(language.say(Text::fallback_gone_why));
    case Why::locked:
      return std::string(language.say(Text::error_locked));
    case Why::deactivated:
      return std::string(language.say(Text::error_deactivated));
    case Why::question:  // which pages ask
    case Why::way_over:
      break;
  }
  return std::string(language.say(Text::provider_way_over));
}

http::Response refused_page(const AccountPages& pages, const http::Request& request,
                            const federation::Refused& refused) {
  pages.federation->note_refusal(refused, request.id, request.client_address);
  const Language& language = pages::language_of(pages, request);
  pages::Message message{
      .status = status_of(refused.why),
      .title = Text::provider_failed,
      .sentence = sentence_of(language, refused),
      .link = pages::sign_in_path(pages::next_or_home(pages.router, refused.next), {.away = true}),
      .link_text = Text::provider_back};
  if (refused.purpose == Purpose::confirm) {
    message.title = Text::confirm_failed;
    message.link = pages::next_or_home(pages.router, refused.next);
    message.link_text = Text::open_again;
  }
  http::Response response = pages::show_message(pages, request, message);
  put_retry(response, refused);
  return response;
}

http::Response signed_in_page(const AccountPages& pages, const federation::SignedIn& signed_in) {
  http::Response response = pages::see_other(pages::next_or_home(pages.router, signed_in.next));
  pages::give_cookie(pages, response, signed_in.browser.cookie);
  return response;
}

std::string ways_cookie(const AccountPages& pages, const http::Request& request) {
  return std::string(
      pages::cookie_value(request, pages::cookie_name(pages.public_url, kWaysCookie)));
}

void give_ways_cookie(const AccountPages& pages, http::Response& response,
                      const std::string& value) {
  response.headers.emplace_back(
      "Set-Cookie",
      pages::set_cookie(pages.public_url, pages::cookie_name(pages.public_url, kWaysCookie), value,
                        std::nullopt));
}

// Behind a form of ours a redirect would be held against the policy of its page (go_on()).
http::Response go_to_provider(const AccountPages& pages, const http::Request& request,
                              const providers::Departure& departure, const std::string& link_text) {
  if (!departure.posted.empty()) return form_to_provider(pages, request, departure, link_text);
  if (request.method == http::Method::get) return pages::see_other(departure.url);
  return pages::go_on(pages, request, departure.url, link_text);
}

Task<http::Response> leave_for_provider(const AccountPages& pages, const http::Request& request,
                                        federation::Leaving leaving) {
  leaving.browser = ways_cookie(pages, request);
  const bool fresh = leaving.browser.empty();
  if (fresh) leaving.browser = federation::Federation::new_browser();
  leaving.address = std::string(request.client_address);
  const std::string browser = leaving.browser;
  const std::string name = shown_name(pages, leaving.provider);
  const auto departure = co_await pages.federation->leave(std::move(leaving));
  if (!departure) co_return refused_page(pages, request, departure.error());
  http::Response response = go_to_provider(
      pages, request, *departure,
      pages::language_of(pages, request).say(texts::ProviderContinue{.provider = name}));
  if (fresh) give_ways_cookie(pages, response, browser);
  co_return response;
}

namespace {

// Anybody may be led here by a link: what follows is asked by the provider, and by the page on
// which an app is let in.
Task<http::Response> get_leave(const AccountPages& pages, const http::Request& request) {
  const http::Form query = pages::query_of(request);
  co_return co_await leave_for_provider(
      pages, request,
      {.provider = request.parameters[0],
       .next = pages::next_or_home(pages.router, pages::field(query, "next")),
       .login_hint = pages::typed_field(query, "login_hint"),
       .browser = {},
       .address = {}});
}

// To prove who one is once more, before something is destroyed.
Task<http::Response> post_confirm(const Visit& visit) {
  co_return co_await leave_for_provider(
      visit.pages, visit.request,
      {.provider = visit.request.parameters[0],
       .purpose = Purpose::reauthenticate,
       .visitor = visit.who.account.id,
       .next = pages::next_or_home(visit.pages.router, pages::field(visit.form, "next")),
       .browser = {},
       .address = {}});
}

// Another way in to the own account.
Task<http::Response> post_link(const Visit& visit) {
  if (!visit.pages.browsers.fresh(visit.who)) {
    co_return pages::to_sign_in(kWaysIn, {.again = true});
  }
  co_return co_await leave_for_provider(visit.pages, visit.request,
                                        {.provider = visit.request.parameters[0],
                                         .purpose = Purpose::link,
                                         .visitor = visit.who.account.id,
                                         .next = std::string(kWaysIn),
                                         .browser = {},
                                         .address = {}});
}

federation::Fields fields_of(const http::Form& sent) {
  federation::Fields fields;
  for (const http::Form::Field& field : sent.fields()) fields.emplace_back(field.name, field.value);
  return fields;
}

http::Response arrived_page(const AccountPages& pages, const Arrived& arrived) {
  if (const auto* signed_in = std::get_if<federation::SignedIn>(&arrived)) {
    return signed_in_page(pages, *signed_in);
  }
  if (const auto* linked = std::get_if<federation::Linked>(&arrived)) {
    return pages::done(pages, pages::next_or_home(pages.router, linked->next),
                       pages::Notice::linked);
  }
  if (const auto* confirmed = std::get_if<federation::Confirmed>(&arrived)) {
    return pages::see_other(pages::confirmed_path(confirmed->session));
  }
  const auto& question = std::get<federation::Question>(arrived);
  const std::vector<http::Form::Field> query{{"way", question.state}};
  return pages::see_other(std::string(kNewcomer) + "?" + http::encode_form(query));
}

Task<http::Response> back(const AccountPages& pages, const http::Request& request,
                          const http::Form& sent) {
  const auto arrived =
      co_await pages.federation->arrive({.provider = request.parameters[0],
                                         .fields = fields_of(sent),
                                         .browser = ways_cookie(pages, request),
                                         .visitor = co_await pages::visitor(pages, request),
                                         .cookie = pages::session_cookie(pages, request),
                                         .origin = request::origin_of(request)});
  if (!arrived) co_return refused_page(pages, request, arrived.error());
  co_return arrived_page(pages, *arrived);
}

// A provider's own word that somebody has signed out there (OpenID Connect Back-Channel Logout 1.0
// section 2.5: a form that no browser sends; section 2.8: its answer). Also what a browser brings
// (SAML Profiles section 4.4; Front-Channel Logout 1.0, where the configuration allows it), which
// may have to go on with an answer.
Task<http::Response> hear_logout(const AccountPages& pages, const http::Request& request,
                                 const http::Form& sent) {
  const std::string& id = request.parameters[0];
  federation::Fields fields = fields_of(sent);
  const auto* provider = pages.federation->providers().find(id);
  if (provider != nullptr && provider->browser != nullptr &&
      provider->browser->ends_sign_out(fields)) {
    co_return signed_out_there(pages::field(sent, "RelayState"));
  }
  std::optional<std::string> query;
  if (request.method == http::Method::get) query = std::string(request.query);
  const auto heard = co_await pages.federation->hear_logout(
      id, std::move(fields), std::string(request.client_address), std::move(query));
  if (heard && heard->answer) {
    co_return go_to_provider(pages, request, *heard->answer,
                             pages::language_of(pages, request)
                                 .say(texts::ProviderContinue{.provider = shown_name(pages, id)}));
  }
  http::Response response;
  response.content_type = {};
  response.headers = {{"Cache-Control", "no-store"}};
  if (!heard) {
    const int status = status_of(heard.error().why);
    // What is no notice of the provider's is a bad request, whatever a person would be told of it.
    response.status = status == 403 || status == 502 ? 400 : status;
    put_retry(response, heard.error());
  }
  co_return response;
}

Task<http::Response> get_callback(const AccountPages& pages, const http::Request& request) {
  co_return co_await back(pages, request, pages::query_of(request));
}

// What nobody comes back with.
federation::Refused not_for_us(const http::Request& request, std::string_view reason) {
  return {.why = Why::way_over, .provider_id = request.parameters[0], .reason = reason};
}

// The browser sends no cookie of ours with a form of another site's (SameSite=Lax): it comes back
// with the same fields by itself, and then it does.
Task<http::Response> post_callback(const AccountPages& pages, const http::Request& request) {
  const auto form = http::Form::parse(http::has_form(request) ? request.body : std::string_view());
  if (!form) {
    co_return refused_page(pages, request, not_for_us(request, "no_form"));
  }
  // CAS tells of a sign-out where it sends people (CAS Protocol 3.0 section 2.3.3).
  if (!pages::field(*form, "logoutRequest").empty()) {
    co_return co_await hear_logout(pages, request, *form);
  }
  const std::string query = http::encode_form(form->fields());
  // What would not be read when it comes back.
  if (query.size() > pages::kLongestQuery) {
    co_return refused_page(pages, request, not_for_us(request, "too_long"));
  }
  co_return pages::see_other(std::string(request.path) + "?" + query);
}

// SAML Bindings section 3.5: a form of the provider's, with which no cookie of ours comes, and
// which is too long for an address. It is kept until the browser comes by itself.
Task<http::Response> post_acs(const AccountPages& pages, const http::Request& request) {
  const auto form = http::Form::parse(http::has_form(request) ? request.body : std::string_view());
  const auto state = co_await pages.federation->hold(
      request.parameters[0], form ? fields_of(*form) : federation::Fields());
  if (!state) co_return refused_page(pages, request, state.error());
  const std::vector<http::Form::Field> query{{"RelayState", *state}};
  co_return pages::see_other(std::string(request.path) + "?" + http::encode_form(query));
}

Task<http::Response> get_metadata(const AccountPages& pages, const http::Request& request) {
  auto document = co_await pages.federation->own_metadata(request.parameters[0]);
  if (!document) co_return refused_page(pages, request, document.error());
  http::Response response;
  response.content_type = "application/samlmetadata+xml";
  response.headers = {{"Cache-Control", "no-store"}};
  response.body = std::move(*document);
  co_return response;
}

Task<http::Response> get_logout(const AccountPages& pages, const http::Request& request) {
  co_return co_await hear_logout(pages, request, pages::query_of(request));
}

Task<http::Response> post_logout(const AccountPages& pages, const http::Request& request) {
  auto form = http::Form::parse(http::has_form(request) ? request.body : std::string_view());
  co_return co_await hear_logout(pages, request, form ? *form : http::Form());
}

}  // namespace

Task<std::map<BrowserSessionId, std::string>> providers_of_browsers(const Visit& visit) {
  if (visit.pages.federation == nullptr) co_return std::map<BrowserSessionId, std::string>();
  co_return co_await visit.pages.federation->browsers_by(visit.who.account.id);
}

Task<http::Response> welcome(const AccountPages& pages, const http::Request& request,
                             const signin::LoginRefused& first_time, std::string next) {
  std::string browser = ways_cookie(pages, request);
  const bool fresh = browser.empty();
  if (fresh) browser = federation::Federation::new_browser();
  const auto arrived = co_await pages.federation->arrive_by_password(
      {.who = first_time.newcomer,
       .next = std::move(next),
       .browser = browser,
       .cookie = std::string(pages::session_cookie(pages, request)),
       .origin = request::origin_of(request),
       .worker = request.worker});
  if (!arrived) co_return refused_page(pages, request, arrived.error());
  http::Response response = arrived_page(pages, *arrived);
  if (fresh) give_ways_cookie(pages, response, browser);
  co_return response;
}

void put_providers(html::Values& values, const AccountPages& pages, const Language& language,
                   std::string_view next, std::string_view login_hint) {
  if (pages.federation == nullptr) return;
  html::Values* list = nullptr;
  for (const providers::Provider& provider : pages.federation->providers().all()) {
    if (provider.browser == nullptr) continue;
    if (list == nullptr) list = &values.add("PROVIDERS");
    list->add("PROVIDER")
        .set("URL", provider_path(provider.options.id, next, login_hint))
        .set("LABEL", language.say(texts::ProviderContinue{.provider = provider.options.name}));
  }
}

void put_confirmations(html::Values& values, const AccountPages& pages, const Language& language,
                       std::string_view next, const std::vector<std::string>& ids) {
  if (pages.federation == nullptr) return;
  html::Values* list = nullptr;
  for (const providers::Provider& provider : pages.federation->providers().all()) {
    const std::string& id = provider.options.id;
    if (provider.browser == nullptr || std::ranges::find(ids, id) == ids.end()) continue;
    if (list == nullptr) list = &values.add("CONFIRMATIONS");
    list->add("PROVIDER")
        .set("ACTION", std::string(kProviders) + id + "/confirm")
        .set("LABEL", language.say(texts::ProviderConfirm{.provider = provider.options.name}))
        .set_sent("NEXT", next);
  }
}

std::string provider_path(std::string_view id, std::string_view next, std::string_view login_hint) {
  std::vector<http::Form::Field> query{{"next", std::string(next)}};
  if (!login_hint.empty()) query.push_back({"login_hint", std::string(login_hint)});
  return std::string(kProviders).append(id).append("?").append(http::encode_form(query));
}

void mount_providers(request::Routes& routes, const AccountPages& pages) {
  if (pages.federation == nullptr) return;
  const auto open = [&pages](auto answer) {
    return [&pages, answer](const http::Request& request) { return answer(pages, request); };
  };
  const std::string one = std::string(kProviders) + "{id}";
  routes.add(http::Method::get, one, open(get_leave));
  routes.add(http::Method::get, one + "/callback", open(get_callback));
  routes.add(http::Method::post, one + "/callback", open(post_callback));
  routes.add(http::Method::get, one + "/acs", open(get_callback));
  routes.add(http::Method::post, one + "/acs", open(post_acs), {.max_body = kMaxAcs});
  routes.add(http::Method::get, one + "/metadata", open(get_metadata));
  routes.add(http::Method::get, one + "/logout", open(get_logout));
  routes.add(http::Method::post, one + "/logout", open(post_logout), {.max_body = kMaxAcs});
  add_form(routes, pages, one + "/confirm", pages::kHome, post_confirm);
  add_form(routes, pages, one + "/link", kWaysIn, post_link);
}

}  // namespace latchkey::account_pages
