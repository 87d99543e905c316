#include "endpoints/oauth/authenticate.h"

#include "domain/clients/client_auth.h"
#include "endpoints/oauth/error_response.h"

namespace latchkey::oauth {

std::expected<http::Form, http::Response> form_body(const http::Request& request) {
  if (!http::has_form(request)) {
    return std::unexpected(
        error(400, "invalid_request", "expected a body of application/x-www-form-urlencoded"));
  }
  auto form = http::Form::parse(request.body);
  if (!form) return std::unexpected(error(400, "invalid_request", "the body is not a form"));
  return std::move(*form);
}

std::expected<std::string, http::Response> field(const http::Form& form, std::string_view name) {
  const auto value = form.only(name);
  if (!value) {
    return std::unexpected(
        error(400, "invalid_request", std::string(name) + ": came more than once"));
  }
  return std::string(value->value_or(""));
}

namespace {

http::Response refusal(const clients::ClientAuthError& refused) {
  if (refused.bad_request) return error(400, "invalid_request", refused.sentence);
  return invalid_client(refused.sentence, refused.challenge);
}

// Without a value it counts as left out (RFC 6749 section 3.2).
std::optional<std::string_view> given(const http::Form& form, std::string_view name) {
  const auto value = form.only(name);
  return value && *value && !(*value)->empty() ? *value : std::nullopt;
}

std::expected<clients::ClaimedClient, clients::ClientAuthError> claimed_by(
    const http::Request& request, const http::Form& form) {
  std::optional<std::string_view> header;
  if (request.header_count("Authorization") == 1) header = request.header("Authorization");
  return clients::claimed_client({.authorization = header,
                                  .client_id = given(form, "client_id"),
                                  .client_secret = given(form, "client_secret"),
                                  .client_assertion_type = given(form, "client_assertion_type"),
                                  .client_assertion = given(form, "client_assertion")});
}

}  // namespace

Task<std::expected<std::shared_ptr<const clients::Client>, http::Response>> authenticate(
    const Api& api, const http::Request& request, const http::Form& form) {
  for (const std::string_view name :
       {"client_id", "client_secret", "client_assertion", "client_assertion_type"}) {
    if (!form.only(name)) {
      co_return std::unexpected(
          error(400, "invalid_request", std::string(name) + ": came more than once"));
    }
  }
  if (request.header_count("Authorization") > 1) {
    co_return std::unexpected(error(400, "invalid_request", "Authorization: came more than once"));
  }
  const auto claimed = claimed_by(request, form);
  if (!claimed) co_return std::unexpected(refusal(claimed.error()));
  auto client = co_await api.clients.find(claimed->id);
  // RFC 6749 section 2.3.1. Before the secret is looked at: who is blocked must not learn which
  // guess was right. Keys and public clients have nothing to guess.
  const Time now = api.clock.now();
  const bool guessable = client && !claimed->secret.empty();
  if (guessable) {
    const auto wait = api.limits.secret_blocked(request.client_address, claimed->id, now);
    if (wait) co_return std::unexpected(too_many(*wait));
  }
  const std::string token_endpoint = api.public_url.of(path::kToken);
  const auto proved = clients::prove_client(
      *claimed, client.get(), {.issuer = api.public_url.base(), .token_endpoint = token_endpoint},
      now);
  if (!proved) {
    if (guessable) api.limits.secret_failed(request.client_address, claimed->id, now);
    co_return std::unexpected(refusal(proved.error()));
  }
  if (*proved) {
    const bool first = co_await api.clients.first_use(**proved);
    if (!first) co_return std::unexpected(refusal(clients::assertion_used()));
  }
  co_return client;
}

Task<std::string> gone_client(const Api& api, const http::Request& request,
                              const http::Form& form) {
  const auto claimed = claimed_by(request, form);
  if (!claimed || claimed->method != clients::ClientAuthMethod::none) co_return "";
  co_return co_await api.clients.find(claimed->id) ? std::string() : claimed->id;
}

Task<std::expected<std::string, http::Response>> introspecting_client(const Api& api,
                                                                      const http::Request& request,
                                                                      const http::Form& form) {
  auto client = co_await authenticate(api, request, form);
  const int refused = client ? 200 : client.error().status;
  if (refused == 400 || refused == 429) co_return std::unexpected(client.error());
  const bool proved = client && (*client)->auth_method != clients::ClientAuthMethod::none;
  co_return proved ? (*client)->id : std::string();
}

}  // namespace latchkey::oauth
