// The device grant (RFC 8628): a device without a browser asks for a code at POST /oauth2/device,
// and its person types it at GET and POST /link.

#include "domain/accounts/matrix_id.h"
#include "domain/oauth/user_code.h"
#include "endpoints/oauth/authenticate.h"
#include "endpoints/oauth/consent_page.h"
#include "endpoints/oauth/error_response.h"
#include "endpoints/oauth/oauth.h"
#include "endpoints/request/origin.h"

namespace latchkey::oauth {
namespace {

Task<http::Response> post_device(const Api& api, const http::Request& request) {
  const auto form = form_body(request);
  if (!form) co_return form.error();
  const auto scope_text = field(*form, "scope");
  if (!scope_text) co_return scope_text.error();
  const auto client = co_await authenticate(api, request, *form);
  if (!client) co_return client.error();
  constexpr auto grant = clients::Grant::device_code;
  if (!(*client)->may(grant)) co_return not_registered(grant);
  const auto scope = read_scope(*scope_text);
  if (!scope) co_return error(400, "invalid_scope", scope.error());
  const Time now = api.clock.now();
  if (const auto wait = api.limits.device_authorization_blocked(request.client_address, now)) {
    co_return too_many(*wait);
  }
  const auto begun = co_await api.devices.begin(**client, *scope, request::origin_of(request));
  const std::string link = api.public_url.of(path::kLink);
  co_return secret_answer(
      {{"device_code", begun.device_code},
       {"user_code", begun.user_code},
       {"verification_uri", link},
       {"verification_uri_complete", link + "?user_code=" + begun.user_code},
       {"expires_in", std::chrono::floor<std::chrono::seconds>(begun.lifetime).count()},
       {"interval", std::chrono::floor<std::chrono::seconds>(begun.interval).count()}});
}

// GET and POST /link (RFC 8628 section 3.3): the person types the code that another device shows,
// sees which app it is and where it asks from, and decides. A link never decides by itself: who
// sends one to somebody else must not get in (RFC 8628 section 5.4).

using signin::BrowserSession;

std::string_view say(const Api& api, const http::Request& request, Text text) {
  return pages::language_of(api.site, request).say(text);
}

void put_person(const Api& api, html::Values& values, const BrowserSession& browser,
                std::string_view next) {
  values.set("USER_ID", accounts::matrix_id(browser.account.localpart, api.server_name));
  values.set("NOT_ME_URL", pages::sign_in_path(next, {.another = true}));
}

http::Response code_page(const Api& api, const http::Request& request,
                         const BrowserSession& browser, int status = 200,
                         std::string_view error = {}) {
  html::Page page =
      pages::begin_page(api.site, request, say(api, request, Text::link_title), "link_code.html");
  page.status = status;
  page.values.add_text("ERROR", error);
  put_person(api, page.values, browser, path::kLink);
  return pages::show(api.site, request, std::move(page));
}

Task<http::Response> decide_page(const Api& api, const http::Request& request,
                                 const PendingDevice& device, const BrowserSession& browser,
                                 const std::string& code, bool typed) {
  const Language& language = pages::language_of(api.site, request);
  const std::string name = device.client->shown_name(pages::accepted_languages(request));
  const auto title = language.say(texts::LinkAsksTitle{.app = name});
  html::Page page = pages::begin_page(api.site, request, title, "link_decide.html");
  html::Values& values = page.values;
  values.set("CLIENT", name).set_sent("CODE", code);
  // Who has just typed it has nothing to compare it with, and whoever looks on need not read it.
  if (!typed) values.add_text("SHOWN_CODE", code);
  values.add(typed ? "TYPED" : "BY_LINK");
  // Not whose app it says it is: anybody can ask with the client_id of any app, and what is allowed
  // goes to the device that asks, not to a host.
  put_person(api, values, browser, std::string(path::kLink) + "?user_code=" + code);
  values.add_text("ADDRESS", device.origin.address);
  values.add_text("AGENT", device.origin.user_agent);
  co_await put_scope(api, values, device.scope, browser, language);
  co_return pages::show(api.site, request, std::move(page));
}

http::Response message(const Api& api, const http::Request& request, Text title, Text sentence) {
  return pages::show_message(api.site, request, {.title = title, .sentence = sentence});
}

// The device that waits with the typed code, or the page to be shown instead.
struct Waiting {
  std::string code;
  PendingDevice device;
};
Task<std::expected<Waiting, http::Response>> look(const Api& api, const http::Request& request,
                                                  const BrowserSession& browser,
                                                  std::string_view typed) {
  const Time now = api.clock.now();
  if (api.limits.user_code_blocked(request.client_address, now)) {
    co_return std::unexpected(
        code_page(api, request, browser, 429, say(api, request, Text::link_too_many)));
  }
  const auto code = read_user_code(typed);
  auto device = code ? co_await api.devices.find(*code) : std::nullopt;
  if (!device) {
    api.limits.user_code_failed(request.client_address, now);
    co_return std::unexpected(
        code_page(api, request, browser, 404, say(api, request, Text::link_unknown)));
  }
  co_return Waiting{*code, std::move(*device)};
}

Task<http::Response> get_link(const Api& api, const http::Request& request) {
  const http::Form query = pages::query_of(request);
  const std::string typed = pages::field(query, "user_code");
  const auto browser = co_await pages::visitor(api.site, request);
  if (!browser) {
    std::string next(path::kLink);
    if (const auto code = read_user_code(typed)) next += "?user_code=" + *code;
    co_return pages::to_sign_in(next, {.login_hint = pages::field(query, "login_hint")});
  }
  if (typed.empty()) co_return code_page(api, request, *browser);
  const auto waiting = co_await look(api, request, *browser, typed);
  if (!waiting) co_return waiting.error();
  co_return co_await decide_page(api, request, waiting->device, *browser, waiting->code, false);
}

Task<http::Response> post_link(const Api& api, const http::Request& request) {
  const auto browser = co_await pages::visitor(api.site, request);
  if (!browser) co_return pages::to_sign_in(pages::same_page(api.site, request));
  const auto form = http::Form::parse(request.body);
  if (!form || !pages::csrf_ok(api.site, request, *form)) {
    co_return pages::csrf_refused(api.site, request);
  }
  const std::string typed = pages::field(*form, "user_code");
  const auto waiting = co_await look(api, request, *browser, typed);
  if (!waiting) co_return waiting.error();
  const std::string decision = pages::field(*form, "decision");
  if (decision != "allow" && decision != "deny") {
    co_return co_await decide_page(api, request, waiting->device, *browser, waiting->code, true);
  }
  const bool allow = decision == "allow";
  if (!co_await api.devices.decide(*browser, waiting->code, allow)) {
    co_return code_page(api, request, *browser, 404, say(api, request, Text::link_unknown));
  }
  if (allow) co_return message(api, request, Text::link_done_title, Text::link_done);
  co_return message(api, request, Text::link_denied_title, Text::link_denied);
}

}  // namespace

void mount_device_authorization(request::Routes& routes, const Api& api) {
  routes.add(http::Method::post, std::string(path::kDeviceAuthorization),
             [&api](const http::Request& request) { return post_device(api, request); },
             {.cors = true});
}

void mount_link(request::Routes& routes, const Api& api) {
  const std::string pattern(path::kLink);
  routes.add(http::Method::get, pattern,
             [&api](const http::Request& request) { return get_link(api, request); });
  routes.add(http::Method::post, pattern,
             [&api](const http::Request& request) { return post_link(api, request); });
}

}  // namespace latchkey::oauth
