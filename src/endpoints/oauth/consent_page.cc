#include "endpoints/oauth/consent_page.h"

#include "domain/accounts/matrix_id.h"
#include "domain/clients/redirect_uri.h"

namespace latchkey::oauth {
namespace {

std::string host_of(std::string_view uri) {
  const auto parsed = clients::Uri::parse(uri);
  return parsed ? parsed->host : std::string();
}

// A private-use scheme or a loopback address.
bool goes_to_this_machine(std::string_view text) {
  const auto uri = clients::Uri::parse(text);
  if (!uri || (uri->scheme != "https" && uri->scheme != "http")) return true;
  return uri->scheme == "http" && clients::is_loopback(uri->host);
}

// What the scope lets a client do, in the words of a person.
std::vector<std::string> in_words(const Scope& scope, const Language& language) {
  std::vector<std::string> words;
  if (scope.openid) words.emplace_back(language.say(Text::consent_scope_openid));
  if (scope.profile) words.emplace_back(language.say(Text::consent_scope_profile));
  if (scope.email) words.emplace_back(language.say(Text::consent_scope_email));
  if (scope.matrix) {
    words.emplace_back(language.say(Text::consent_scope_matrix));
    words.push_back(language.say(texts::ConsentScopeDevice{.device = scope.device_id}));
  }
  if (scope.admin) words.emplace_back(language.say(Text::consent_scope_admin));
  return words;
}

}  // namespace

std::string client_host(const clients::Client& client, std::string_view shown_name) {
  const std::string host = host_of(client.client_uri.text);
  return host == shown_name ? std::string() : host;
}

Task<void> put_scope(const Api& api, html::Values& values, Scope scope,
                     const signin::BrowserSession& browser, const Language& language) {
  scope.admin = scope.admin && browser.account.admin;
  for (const std::string& may : in_words(scope, language)) values.add_text("MAY", may);
  if (!scope.matrix) co_return;
  const auto device = co_await api.overview.find_device(browser.account.id, scope.device_id);
  if (!device) co_return;
  const std::string app = co_await pages::AppNames(api.site.client_name).of(device->client);
  const std::string name = pages::device_name(language, *device, app);
  values.add_text(
      "REPLACES",
      language.say(texts::ConsentReplaces{.device = name.empty() ? scope.device_id : name}));
}

Task<http::Response> consent_page(const Api& api, const http::Request& request,
                                  const AuthorizationRequest& asked,
                                  const signin::BrowserSession& browser, std::string_view next) {
  const Language& language = pages::language_of(api.site, request);
  const clients::Client& client = *asked.client;
  const std::string name = client.shown_name(pages::accepted_languages(request));
  html::Page page = pages::begin_page(
      api.site, request, language.say(texts::ConsentTitle{.app = name}), "consent.html");
  page.form_target = html::form_target_of(asked.redirect_uri);
  html::Values& values = page.values;
  values.set("ASKS", language.say(texts::ConsentAsks{.app = name, .server = api.server_name}));
  values.set("CLIENT", name);
  // The host is proved by what is sent there. Which app it is on this machine, nobody knows.
  if (!goes_to_this_machine(asked.redirect_uri)) {
    values.add_text("HOST", client_host(client, name));
  }
  values.set("USER_ID", accounts::matrix_id(browser.account.localpart, api.server_name));
  co_await put_scope(api, values, asked.scope, browser, language);
  values.add_text("WARNING",
                  goes_to_this_machine(asked.redirect_uri)
                      ? language.say(texts::ConsentWarningLocal{.app = name})
                      : language.say(texts::ConsentWarning{.host = host_of(asked.redirect_uri)}));
  values.set("NOT_ME_URL", pages::sign_in_path(next, {.another = true}));
  values.add_text("POLICY_URI", client.policy_uri.best(pages::accepted_languages(request)));
  values.add_text("TOS_URI", client.tos_uri.best(pages::accepted_languages(request)));
  co_return pages::show(api.site, request, std::move(page));
}

}  // namespace latchkey::oauth
