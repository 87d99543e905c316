// GET and POST /oauth2/logout (OpenID Connect RP-Initiated Logout 1.0): a client sends its person
// here to sign out of this browser too. The person decides, whatever the link says: else any page
// could sign people out. Sessions of apps go on, for ending one can cost the keys of encrypted
// messages; a client ends its own at the revocation endpoint.

#include <utility>

#include "domain/accounts/matrix_id.h"
#include "domain/oauth/logout_request.h"
#include "endpoints/oauth/consent_page.h"
#include "endpoints/oauth/oauth.h"
#include "endpoints/pages/next.h"

namespace latchkey::oauth {
namespace {

LogoutParameters read_parameters(const http::Form& sent) {
  LogoutParameters p;
  const auto take = [&](std::string_view name) -> std::string {
    const auto value = sent.only(name);
    if (!value) p.has_duplicates = true;
    return value ? std::string(value->value_or("")) : std::string();
  };
  p.id_token_hint = take("id_token_hint");
  p.client_id = take("client_id");
  p.post_logout_redirect_uri = take("post_logout_redirect_uri");
  p.state = take("state");
  take("ui_locales");  // read by pages::language_of()
  return p;
}

Text sentence_for(LogoutRefused refused) {
  switch (refused) {
    case LogoutRefused::duplicates:
      return Text::authorize_unreadable;
    case LogoutRefused::bad_hint:
    case LogoutRefused::other_client:
      return Text::logout_wrong_hint;
    case LogoutRefused::unknown_client:
      return Text::authorize_unknown_client;
    case LogoutRefused::wrong_address:
      return Text::logout_wrong_address;
  }
  std::unreachable();
}

http::Response refuse(const Api& api, const http::Request& request, LogoutRefused why) {
  return pages::show_message(api.site, request,
                             {.status = 400,
                              .title = Text::authorize_failed,
                              .sentence = sentence_for(why),
                              .link = std::string(pages::kHome),
                              .link_text = Text::logout_here});
}

Task<std::expected<LogoutRequest, LogoutRefused>> read(const Api& api, const http::Form& sent) {
  const LogoutParameters parameters = read_parameters(sent);
  std::optional<ReadHint> hint;
  if (!parameters.id_token_hint.empty()) {
    const auto keys = co_await api.keys.current();
    hint = read_id_token_hint(parameters.id_token_hint, keys->published(), api.public_url.base());
  }
  auto client = co_await api.clients.find(client_of_logout(parameters, hint));
  co_return read_logout_request(std::move(client), parameters, hint);
}

std::string address(const ReturnAddress& back) {
  if (back.state.empty()) return back.redirect_uri;
  const std::vector<http::Form::Field> state{{"state", back.state}};
  return redirect_to(back, http::encode_form(state));
}

std::string client_name(const http::Request& request, const LogoutRequest& asked) {
  return asked.client ? asked.client->shown_name(pages::accepted_languages(request))
                      : std::string();
}

Task<http::Response> ask(const Api& api, const http::Request& request, const LogoutRequest& asked,
                         const signin::BrowserSession& browser) {
  const Language& language = pages::language_of(api.site, request);
  html::Page page =
      pages::begin_page(api.site, request, language.say(Text::logout_title), "logout.html");
  html::Values& values = page.values;
  values.set("USER_ID", accounts::matrix_id(browser.account.localpart, api.server_name));
  if (asked.client) {
    values.add_text("ASKS", language.say(texts::LogoutAsks{.app = client_name(request, asked),
                                                           .server = api.server_name}));
  }
  const std::string provider = co_await api.site.sign_outs.offered(browser);
  if (!provider.empty()) {
    values.add("THERE").set("THERE_LABEL", language.say(texts::SignOutThere{.provider = provider}));
  }
  if (asked.back) page.form_target = html::form_target_of(asked.back->redirect_uri);
  co_return pages::show(api.site, request, std::move(page));
}

// Nobody is signed in here, so nothing is left to ask.
http::Response nobody(const Api& api, const http::Request& request, const LogoutRequest& asked) {
  if (asked.back && leads_on_at_once(asked)) return pages::see_other(address(*asked.back));
  pages::Message message{.title = Text::logout_done, .sentence = Text::notice_signed_out};
  if (asked.back) {
    message.link = address(*asked.back);
    message.link_text = pages::language_of(api.site, request)
                            .say(texts::LogoutBack{.app = client_name(request, asked)});
  }
  return pages::show_message(api.site, request, message);
}

Task<http::Response> get_logout(const Api& api, const http::Request& request) {
  const auto asked = co_await read(api, pages::query_of(request));
  if (!asked) co_return refuse(api, request, asked.error());
  const auto browser = co_await pages::visitor(api.site, request);
  if (!browser) co_return nobody(api, request, *asked);
  co_return co_await ask(api, request, *asked, *browser);
}

// A client may post as well (section 2). The browser sends no cookie with a form of another site,
// so the request comes once more as a link.
http::Response as_link(const http::Form& sent) {
  return pages::see_other(carried(path::kEndSession, http::encode_form(sent.fields())));
}

Task<http::Response> post_logout(const Api& api, const http::Request& request) {
  const auto form = http::Form::parse(request.body);
  if (!form) co_return refuse(api, request, LogoutRefused::duplicates);
  const std::string decision = pages::field(*form, "decision");
  if (decision.empty()) co_return as_link(*form);
  const auto asked = co_await read(api, pages::query_of(request));
  if (!asked) co_return refuse(api, request, asked.error());
  // Signed out meanwhile, by another page of the same browser.
  const auto browser = co_await pages::visitor(api.site, request);
  if (!browser) co_return nobody(api, request, *asked);
  if (!pages::csrf_ok(api.site, request, *form)) {
    co_return pages::csrf_refused(api.site, request);
  }
  const std::string back = asked->back ? address(*asked->back) : std::string();
  if (decision != "sign_out") {
    co_return pages::see_other(back.empty() ? std::string(pages::kHome) : back);
  }
  co_return co_await api.site.sign_outs.sign_out(
      request, *browser, {.next = back, .there = pages::field(*form, "there") == "1"});
}

}  // namespace

void mount_end_session(request::Routes& routes, const Api& api) {
  const std::string pattern(path::kEndSession);
  routes.add(http::Method::get, pattern,
             [&api](const http::Request& request) { return get_logout(api, request); });
  routes.add(http::Method::post, pattern,
             [&api](const http::Request& request) { return post_logout(api, request); });
}

}  // namespace latchkey::oauth
