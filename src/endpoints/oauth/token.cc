// POST /oauth2/token (RFC 6749 section 3.2). The grants are in domain/oauth, and refresh in
// domain/sessions.

#include <utility>

#include "domain/clients/grants.h"
#include "domain/oauth/id_token.h"
#include "domain/oauth/scope.h"
#include "endpoints/oauth/authenticate.h"
#include "endpoints/oauth/error_response.h"
#include "endpoints/oauth/oauth.h"
#include "endpoints/request/origin.h"

namespace latchkey::oauth {
namespace {

namespace json = boost::json;
using clients::Grant;

// RFC 6749 section 5.1.
json::object token_answer(const sessions::TokenPair& tokens) {
  json::object answer{
      {"access_token", tokens.access_token}, {"token_type", "Bearer"}, {"scope", tokens.scope}};
  if (tokens.refresh_token) answer["refresh_token"] = *tokens.refresh_token;
  if (tokens.expires_in) {
    answer["expires_in"] = std::chrono::floor<std::chrono::seconds>(*tokens.expires_in).count();
  }
  return answer;
}

std::string id_token(const SigningKeySet& keys, const clients::Client& client,
                     const IdTokenFacts& facts, Time now) {
  const bool es256 = client.id_token_signed_response_alg == "ES256";
  return keys.sign(es256 ? jose::Algorithm::es256 : jose::Algorithm::rs256,
                   id_token_claims(facts, now), now);
}

// With an ID token where the client asked for one (OpenID Connect Core section 3.1.3.3).
json::object granted_answer(const Api& api, const SigningKeySet& keys,
                            const clients::Client& client, const Granted& granted,
                            std::optional<std::string> code) {
  json::object answer = token_answer(granted.tokens);
  if (granted.scope.openid) {
    const auto nonce = granted.nonce.empty() ? std::nullopt : std::optional(granted.nonce);
    const IdTokenFacts facts{.issuer = api.public_url.base(),
                             .client_id = client.id,
                             .user = granted.account.id,
                             .person = granted.person,
                             .session = granted.session,
                             .authenticated = granted.authenticated,
                             .nonce = nonce,
                             .access_token = granted.tokens.access_token,
                             .code = std::move(code)};
    answer["id_token"] = id_token(keys, client, facts, api.clock.now());
  }
  return answer;
}

// With a new ID token, which says the same of the same sign-in (OpenID Connect Core section 12.2).
// The session has gone on by now: a client that gets no answer gets this one when it asks again.
Task<json::object> refreshed_answer(const Api& api, const clients::Client* client,
                                    const sessions::TokenPair& tokens) {
  json::object answer = token_answer(tokens);
  const auto scope = read_scope(tokens.scope);
  const auto token = sessions::read_token(tokens.access_token);
  if (client == nullptr || !scope || !scope->openid || !token) co_return answer;
  auto claims = co_await api.claims.renewed(token->session, *scope);
  if (!claims) co_return answer;
  const auto keys = co_await api.keys.current();
  const IdTokenFacts facts{.issuer = api.public_url.base(),
                           .client_id = client->id,
                           .user = claims->user,
                           .person = std::move(claims->person),
                           .session = token->session,
                           .authenticated = claims->authenticated,
                           .nonce = {},
                           .access_token = tokens.access_token,
                           .code = {}};
  answer["id_token"] = id_token(*keys, *client, facts, api.clock.now());
  co_return answer;
}

Task<http::Response> redeem_code(const Api& api, const http::Request& request,
                                 const http::Form& form, const clients::Client& client) {
  const auto code = field(form, "code");
  if (!code) co_return code.error();
  const auto redirect_uri = field(form, "redirect_uri");
  if (!redirect_uri) co_return redirect_uri.error();
  const auto verifier = field(form, "code_verifier");
  if (!verifier) co_return verifier.error();
  if (code->empty() || redirect_uri->empty() || (verifier->empty() && client.needs_pkce)) {
    co_return error(400, "invalid_request", "expected code, redirect_uri and code_verifier");
  }
  const auto keys = co_await api.keys.current();  // before: what is redeemed must be answered
  const auto granted = co_await api.codes.redeem(request.worker, client, *code, *redirect_uri,
                                                 *verifier, request::origin_of(request));
  if (!granted) co_return refusal(granted.error());
  co_return secret_answer(granted_answer(api, *keys, client, *granted, *code));
}

Task<http::Response> redeem_device_code(const Api& api, const http::Request& request,
                                        const http::Form& form, const clients::Client& client) {
  const auto code = field(form, "device_code");
  if (!code) co_return code.error();
  if (code->empty()) co_return error(400, "invalid_request", "device_code: expected");
  const auto keys = co_await api.keys.current();
  const auto granted =
      co_await api.devices.poll(request.worker, client, *code, request::origin_of(request));
  if (!granted) co_return refusal(granted.error());
  co_return secret_answer(granted_answer(api, *keys, client, *granted, std::nullopt));
}

// `client`: null: gone. `of_unknown`: the answer for a token that is nobody's or another client's.
Task<http::Response> refresh(const Api& api, const http::Request& request, const http::Form& form,
                             const std::string& client_id, const clients::Client* client,
                             std::optional<http::Response> of_unknown = {}) {
  const auto token = field(form, "refresh_token");
  if (!token) co_return token.error();
  if (token->empty()) co_return error(400, "invalid_request", "refresh_token: expected");
  const auto scope = field(form, "scope");
  if (!scope) co_return scope.error();
  const auto tokens = co_await api.sessions.refresh(request::use_of(request), *token, client_id);
  // What was rotated is handed out again when the client shows the same token without the scope.
  if (tokens && widens(*scope, tokens->scope)) {
    co_return error(400, "invalid_scope",
                    "scope: a refresh can ask for no more than was granted (RFC 6749 section 6)");
  }
  if (tokens) co_return secret_answer(co_await refreshed_answer(api, client, *tokens));
  // Only guesses are limited: a client with a token of this server always gets its answer.
  if (tokens.error().worth == sessions::Worth::unknown) {
    const Time now = api.clock.now();
    if (const auto wait = api.limits.unknown_token_blocked(request.client_address, now)) {
      co_return too_many(*wait);
    }
    if (of_unknown) co_return std::move(*of_unknown);
  }
  co_return refresh_refusal(tokens.error());
}

// A session may outlive the registration of its client, which is no fault of the person's: it is
// refreshed, or told what it is worth. `refused` is for whoever shows no such session.
Task<http::Response> refresh_of_gone_client(const Api& api, const http::Request& request,
                                            const http::Form& form, http::Response refused) {
  const std::string client_id = co_await gone_client(api, request, form);
  if (client_id.empty()) co_return refused;
  co_return co_await refresh(api, request, form, client_id, nullptr, std::move(refused));
}

Task<http::Response> post_token(const Api& api, const http::Request& request) {
  const auto form = form_body(request);
  if (!form) co_return form.error();
  const auto grant_type = field(*form, "grant_type");
  if (!grant_type) co_return grant_type.error();
  const auto client = co_await authenticate(api, request, *form);
  const auto grant = clients::grant_of(*grant_type);
  if (!client && grant == Grant::refresh_token) {
    co_return co_await refresh_of_gone_client(api, request, *form, client.error());
  }
  if (!client) co_return client.error();
  if (grant_type->empty()) co_return error(400, "invalid_request", "grant_type: expected");
  if (!grant) {
    co_return error(400, "unsupported_grant_type",
                    "grant_type: expected " + clients::grant_names(" or "));
  }
  // A session is refreshed whatever its client has registered (spec "Refresh token grant").
  if (grant != Grant::refresh_token && !(*client)->may(*grant)) co_return not_registered(*grant);
  switch (*grant) {
    case Grant::authorization_code:
      co_return co_await redeem_code(api, request, *form, **client);
    case Grant::refresh_token:
      co_return co_await refresh(api, request, *form, (*client)->id, client->get());
    case Grant::device_code:
      co_return co_await redeem_device_code(api, request, *form, **client);
  }
  std::unreachable();
}

// POST /oauth2/revoke (RFC 7009; spec "Token revocation"): signs the session out that the token
// names, whatever the token is still worth. Whoever holds a token may end it, a scanner of leaked
// secrets too: a client that is named need not be known.
Task<http::Response> post_revoke(const Api& api, const http::Request& request) {
  const auto form = form_body(request);
  if (!form) co_return form.error();
  const auto token = field(*form, "token");
  if (!token) co_return token.error();
  if (token->empty()) co_return error(400, "invalid_request", "token: expected");
  const auto done = co_await api.sessions.revoke(request::use_of(request), *token);
  if (!done && done.error().worth == sessions::Worth::unknown) {
    const Time now = api.clock.now();
    if (const auto wait = api.limits.unknown_token_blocked(request.client_address, now)) {
      co_return too_many(*wait);
    }
  }
  // RFC 7009 section 2.2: an invalid token is revoked as far as anybody can tell.
  co_return secret_answer({});
}

}  // namespace

void mount_token(request::Routes& routes, const Api& api) {
  routes.add(http::Method::post, std::string(path::kToken),
             [&api](const http::Request& request) { return post_token(api, request); },
             {.cors = true, .timeout_is_transient = true});
  routes.add(http::Method::post, std::string(path::kRevoke),
             [&api](const http::Request& request) { return post_revoke(api, request); },
             {.cors = true});
}

}  // namespace latchkey::oauth
