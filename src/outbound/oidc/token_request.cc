#include "outbound/oidc/token_request.h"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <stdexcept>

#include "outbound/oidc/client_key.h"
#include "outbound/provider_calls/address.h"
#include "platform/crypto/random.h"
#include "platform/http/percent.h"
#include "platform/jose/jws.h"
#include "platform/text/base64.h"
#include "platform/text/json.h"

namespace latchkey::outbound::oidc {
namespace {

namespace json = boost::json;
using ClientAuth = OidcOptions::ClientAuth;
using Why = providers::Failure::Why;

constexpr std::string_view kAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::chrono::seconds kAssertionLives{60};
constexpr std::size_t kMaxError = 64;

// RFC 7523 section 3.
std::string assertion(const jose::Key& key, const std::string& endpoint, const OidcOptions& options,
                      Time now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
  return jose::sign(key,
                    {{"iss", options.client_id},
                     {"sub", options.client_id},
                     {"aud", endpoint},
                     {"jti", crypto::random_text(crypto::kBase62, 22)},
                     {"iat", seconds.count()},
                     {"exp", (seconds + kAssertionLives).count()}},
                    "JWT");
}

jose::Key assertion_key(const OidcOptions& options) {
  if (options.client_auth == ClientAuth::client_secret_jwt) {
    return jose::Key::of_secret(options.client_secret);
  }
  auto key = client_key(options.client_key);
  if (!key) throw std::logic_error("the configuration was not checked");
  return std::move(*key);
}

struct Refusal {
  std::string_view error;
  Why why;
};
constexpr std::array kOfBrowser{
    Refusal{"access_denied", Why::denied},
    Refusal{"consent_required", Why::denied},
    Refusal{"interaction_required", Why::denied},
    Refusal{"account_selection_required", Why::denied},
    Refusal{"login_required", Why::denied},
    Refusal{"unmet_authentication_requirements", Why::denied},
    Refusal{"temporarily_unavailable", Why::unavailable},
    Refusal{"server_error", Why::unavailable},
    Refusal{"invalid_request", Why::misconfigured},
    Refusal{"unauthorized_client", Why::misconfigured},
    Refusal{"unsupported_response_type", Why::misconfigured},
    Refusal{"unsupported_response_mode", Why::misconfigured},
    Refusal{"invalid_scope", Why::misconfigured},
    Refusal{"invalid_target", Why::misconfigured},
    Refusal{"request_not_supported", Why::misconfigured},
};
constexpr std::array kOfEndpoint{
    Refusal{"invalid_client", Why::misconfigured},
    Refusal{"unauthorized_client", Why::misconfigured},
    Refusal{"unsupported_grant_type", Why::misconfigured},
    Refusal{"invalid_request", Why::misconfigured},
    Refusal{"invalid_scope", Why::misconfigured},
    Refusal{"invalid_grant", Why::not_believed},
    Refusal{"bad_verification_code", Why::not_believed},
    Refusal{"incorrect_client_credentials", Why::misconfigured},
    Refusal{"redirect_uri_mismatch", Why::misconfigured},
    Refusal{"temporarily_unavailable", Why::unavailable},
    Refusal{"server_error", Why::unavailable},
};

std::string told(std::string_view what, std::string_view error, std::string_view description) {
  std::string sentence(what);
  sentence.append(cited(error.substr(0, kMaxError)));
  if (const std::string more = cited(description); !more.empty()) sentence.append(": ") += more;
  return sentence;
}

// Of Authorization: Bearer (RFC 6750 section 2.1); anything else could become another header.
bool is_bearer_token(std::string_view token) {
  return std::ranges::all_of(token, [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_bearer(std::string_view type) {
  return type.size() == 6 && std::ranges::equal(type, std::string_view("bearer"), {}, [](char c) {
           return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
         });
}

}  // namespace

http_client::Request token_request(const std::string& endpoint, const Code& code,
                                   const OidcOptions& options, Time now) {
  Parameters form{{"grant_type", "authorization_code"},
                  {"code", std::string(code.code)},
                  {"redirect_uri", std::string(code.redirect_uri)}};
  if (!code.verifier.empty()) form.emplace_back("code_verifier", code.verifier);
  http_client::Request request{.url = endpoint,
                               .content_type = "application/x-www-form-urlencoded",
                               .accept = "application/json"};
  switch (options.client_auth) {
    case ClientAuth::client_secret_basic:
      // RFC 6749 section 2.3.1: each is encoded as in a form.
      request.authorization =
          "Basic " + text::encode_base64(http::percent_encode(options.client_id) + ":" +
                                         http::percent_encode(options.client_secret.reveal()));
      break;
    case ClientAuth::client_secret_post:
      form.emplace_back("client_id", options.client_id);
      form.emplace_back("client_secret", options.client_secret.reveal());
      break;
    case ClientAuth::client_secret_jwt:
    case ClientAuth::private_key_jwt:
      form.emplace_back("client_id", options.client_id);
      form.emplace_back("client_assertion_type", kAssertion);
      form.emplace_back("client_assertion",
                        assertion(assertion_key(options), endpoint, options, now));
      break;
    case ClientAuth::none:
      form.emplace_back("client_id", options.client_id);
      break;
  }
  request.body = as_form(form);
  return request;
}

providers::Reply<Tokens> read_tokens(const http_client::Answer& answer) {
  const auto body = text::parse_object(answer.body);
  const std::string_view error = body ? text::text_of(*body, "error") : std::string_view();
  // Some say so with 200.
  if (!error.empty()) {
    const auto* const known = std::ranges::find(kOfEndpoint, error, &Refusal::error);
    std::string sentence =
        told("the token_endpoint refuses: ", error, text::text_of(*body, "error_description"));
    return std::unexpected(known == kOfEndpoint.end()
                               ? failure(Why::not_believed, "refused_code", std::move(sentence))
                               : failure(known->why, known->error, std::move(sentence)));
  }
  if (answer.status != 200) {
    // 401 and 403 are of whom it does not let in, 404 of where nobody is.
    const bool ours = answer.status == 401 || answer.status == 403 || answer.status == 404;
    return std::unexpected(failure(ours ? Why::misconfigured : Why::not_believed, "refused_code",
                                   "the token_endpoint answered " + std::to_string(answer.status)));
  }
  if (!body) {
    return std::unexpected(
        failure(Why::not_believed, "not_json", "what the token_endpoint answers is not JSON"));
  }
  Tokens tokens{.access_token = {}, .id_token = std::string(text::text_of(*body, "id_token"))};
  const std::string_view access = text::text_of(*body, "access_token");
  if (is_bearer(text::text_of(*body, "token_type"))) {
    if (!is_bearer_token(access)) {
      return std::unexpected(failure(Why::not_believed, "malformed_access_token",
                                     "the access token has characters that none has"));
    }
    tokens.access_token = access;
  }
  return tokens;
}

providers::Failure refusal_of(std::string_view error, std::string_view description, bool again) {
  const auto* const known = std::ranges::find(kOfBrowser, error, &Refusal::error);
  std::string sentence = told("the provider answers ", error, description);
  if (known == kOfBrowser.end()) return failure(Why::denied, "refused", std::move(sentence));
  const bool not_again = again && error == "login_required";
  return failure(not_again ? Why::not_fresh : known->why, known->error, std::move(sentence));
}

}  // namespace latchkey::outbound::oidc
