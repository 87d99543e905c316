// Ways to sign in: GET and POST /login (spec "Legacy login"), and what leads to a login token.

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "domain/accounts/matrix_id.h"
#include "endpoints/matrix/body.h"
#include "endpoints/matrix/caller.h"
#include "endpoints/matrix/confirm.h"
#include "endpoints/matrix/matrix.h"
#include "endpoints/matrix/refusals.h"
#include "endpoints/request/origin.h"
#include "platform/http/form.h"

namespace latchkey::matrix {
namespace {

namespace json = boost::json;
using Result = signin::SignIn::Result;

// Spec "m.login.sso flow schema".
json::array providers_of(const Api& api, const std::vector<std::string>& ids) {
  json::array list;
  for (const std::string& id : ids) {
    const providers::ProviderOptions& provider = api.providers.find(id)->options;
    json::object described{{"id", provider.id}, {"name", provider.name}};
    if (!provider.icon.empty()) described["icon"] = provider.icon;
    if (!provider.brand.empty()) described["brand"] = provider.brand;
    list.push_back(std::move(described));
  }
  return list;
}

// MSC3741: to whoever shows the token of a past session, the ways that lead back to its account. A
// token that says nothing is as good as none, one that cannot be read too.
Task<http::Response> get_flows(const Api& api, const http::Request& request) {
  const auto token = access_token(request, api.sessions.policy());
  const std::string shown = token ? token->value_or("") : "";
  json::array list;
  const auto ways = co_await api.login_ways.list(request::use_of(request), shown);
  for (const auto& flow : ways.flows) {
    json::object described{{"type", flow.type}};
    if (!flow.marked.empty()) described[flow.marked] = true;
    if (flow.in_browser && !ways.providers.empty()) {
      described["identity_providers"] = providers_of(api, ways.providers);
    }
    list.push_back(std::move(described));
  }
  http::Response response = secret_answer({{"flows", std::move(list)}});
  response.headers.emplace_back("Vary", "Authorization");
  co_return response;
}

Task<Result> by_password(const Api& api, const http::Request& request, text::Fields& fields) {
  auto who = read_identifier(fields);
  if (!who && !fields.error()) {
    fields.refuse("identifier", text::FieldError::Kind::missing, "is missing");
  }
  std::string password(fields.required_string("password"));
  auto session = read_new_session(fields, request);
  if (fields.error()) co_return Result(std::unexpect);
  co_return co_await api.sign_in.with_password(request.worker, *who, std::move(password),
                                               std::move(session));
}

// A directory's person who has no account here yet gets one, if nothing has to be asked first.
Task<std::expected<signin::SignedIn, http::Response>> welcome(
    const Api& api, const http::Request& request, text::Fields& fields,
    const signin::LoginRefused& first_time) {
  auto user = co_await api.federation->welcome({.who = first_time.newcomer,
                                                .next = {},
                                                .browser = {},
                                                .cookie = {},
                                                .origin = request::origin_of(request),
                                                .worker = request.worker});
  if (!user) {
    api.federation->note_refusal(user.error(), request.id, request.client_address);
    co_return std::unexpected(refusal(user.error(), api.public_url.of("/account/")));
  }
  auto signed_in = co_await api.sign_in.of_newcomer(request.worker, std::move(*user),
                                                    read_new_session(fields, request));
  if (!signed_in) {
    co_return std::unexpected(refusal(signed_in.error(), api.public_url.configured()));
  }
  co_return std::move(*signed_in);
}

Task<Result> by_token(const Api& api, const http::Request& request, text::Fields& fields) {
  std::string token(fields.required_string("token"));
  auto session = read_new_session(fields, request);
  if (fields.error()) co_return Result(std::unexpect);
  co_return co_await api.sign_in.with_token(request.worker, std::move(token), std::move(session));
}

Task<Result> by_service(const Api& api, const http::Request& request,
                        const services::Service& service, text::Fields& fields) {
  const auto who = read_identifier(fields);
  const auto* name = who ? std::get_if<signin::UserName>(&*who) : nullptr;
  if (name == nullptr && !fields.error()) {
    fields.refuse("identifier", text::FieldError::Kind::missing, "expected an m.id.user");
  }
  auto session = read_new_session(fields, request);
  if (fields.error()) co_return Result(std::unexpect);
  co_return co_await api.sign_in.for_service(request.worker, service, name->user,
                                             std::move(session));
}

Task<http::Response> post_login(const Api& api, const http::Request& request) {
  const auto body = json_body(request);
  if (!body) co_return body.error();
  text::Fields fields(*body);
  const auto type = fields.required_string("type");
  if (fields.error()) co_return refusal(*fields.error());

  Result signed_in(std::unexpect);
  if (type == "m.login.password") {
    signed_in = co_await by_password(api, request, fields);
  } else if (type == "m.login.token") {
    signed_in = co_await by_token(api, request, fields);
  } else if (type == "m.login.application_service") {
    const services::Service* service = service_of(api, request);
    if (service == nullptr) co_return co_await no_service(api, request);
    signed_in = co_await by_service(api, request, *service, fields);
  } else {
    co_return error(400, "M_UNKNOWN", "This server does not know this login type.");
  }
  if (fields.error()) co_return refusal(*fields.error());
  if (!signed_in && signed_in.error().why == signin::LoginRefused::Why::first_time) {
    auto welcomed = co_await welcome(api, request, fields, signed_in.error());
    if (!welcomed) co_return std::move(welcomed.error());
    signed_in = std::move(*welcomed);
  }
  if (!signed_in) co_return refusal(signed_in.error(), api.public_url.configured());
  json::object answer{{"user_id", accounts::matrix_id(signed_in->localpart, api.server_name)},
                      {"device_id", signed_in->device_id},
                      {"home_server", api.server_name}};
  put_tokens(answer, signed_in->tokens);
  co_return secret_answer(answer);
}

// Of POST /login/get_token: the specification's status for who cannot make one.
http::Response cannot() {
  return error(400, "M_FORBIDDEN", "This account cannot sign in other clients by a token.");
}

// POST /login/get_token (spec v1.7; MSC3882).
Task<http::Response> post_get_token(const Api& api, const http::Request& request) {
  const auto who = co_await identify_who_confirms(api, request);
  if (!who) co_return who.error();
  const auto body = json_body(request);
  if (!body) co_return body.error();
  if (!api.login_tokens.enabled() || who->is_service()) co_return cannot();
  if (!co_await api.auth.can_confirm(who->identity.user)) co_return cannot();
  const auto asked = co_await ask(api, request, "POST /login/get_token", *body, *who);
  if (!asked) co_return asked.error();
  auto passed = co_await confirm(api, *asked);
  if (!passed) co_return passed.error();

  const Time now = api.clock.now();
  if (const auto wait = api.limits.login_token_blocked(who->identity.localpart, now)) {
    co_return limit_exceeded(*wait, "Too many login tokens were asked for. Try again later.");
  }
  const auto token = co_await api.operations.make_login_token(
      {who->identity.user, who->identity.session.value(), std::move(*passed)});
  if (!token) co_return co_await answer_refused(api, asked->request, token.error());
  co_return secret_answer(
      {{"login_token", *token}, {"expires_in_ms", api.login_tokens.lifetime().count()}});
}

// GET /login/sso/redirect and /login/sso/redirect/{idpId} (spec "Client login via SSO"): to the
// page in the browser on which the person signs in, there by that provider, and lets the app have a
// login token (endpoints/account_pages/sso.cc).
Task<http::Response> redirect(const http::Request& request, std::string provider) {
  const auto query = http::Form::parse(request.query);
  const auto value = [&](std::string_view name) {
    const auto found = query ? query->only(name) : std::nullopt;
    return found && *found ? std::string(**found) : std::string();
  };
  const std::string target = value("redirectUrl");
  if (target.empty()) co_return error(400, "M_MISSING_PARAM", "redirectUrl: expected exactly one");
  std::vector<http::Form::Field> fields{{"redirect_url", target}};
  // What is not known is no reason to keep a person from signing in: clients spell it in their
  // ways.
  if (value("action") == "register") fields.push_back({"action", "register"});
  if (auto hint = value("login_hint"); !hint.empty()) {
    fields.push_back({"login_hint", std::move(hint)});
  }
  if (!provider.empty()) fields.push_back({"provider", std::move(provider)});
  http::Response response;
  response.status = 302;
  response.content_type = {};
  response.headers = {{"Location", "/account/sso?" + http::encode_form(fields)},
                      {"Referrer-Policy", "no-referrer"},
                      {"Cache-Control", "no-store"}};
  co_return response;
}

Task<http::Response> get_redirect(const http::Request& request) {
  co_return co_await redirect(request, {});
}

Task<http::Response> get_redirect_to(const Api& api, const http::Request& request) {
  const auto* provider = api.providers.find(request.parameters[0]);
  if (provider == nullptr || provider->browser == nullptr) {
    co_return error(404, "M_NOT_FOUND", "This server has no identity provider of that ID.");
  }
  co_return co_await redirect(request, provider->options.id);
}

}  // namespace

void mount_login(request::Routes& routes, const Api& api) {
  const auto flows = [&api](const http::Request& request) { return get_flows(api, request); };
  add(routes, http::Method::get, "/login", flows);
  add(routes, http::Method::get, "/login", flows, {.versions = {"unstable/org.matrix.msc3741"}});
  add(routes, http::Method::post, "/login",
      [&api](const http::Request& request) { return post_login(api, request); });
  add(routes, http::Method::post, "/login/get_token",
      [&api](const http::Request& request) { return post_get_token(api, request); },
      {.versions = {"v1"}});
  add(routes, http::Method::get, "/login/sso/redirect", get_redirect);
  add(routes, http::Method::get, "/login/sso/redirect/{idpId}",
      [&api](const http::Request& request) { return get_redirect_to(api, request); });
}

}  // namespace latchkey::matrix
