#include "domain/oauth/authorization_request.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ranges>

#include "domain/sessions/standing.h"

namespace latchkey::oauth {
namespace {

constexpr std::size_t kLongest = 2048;  // state, nonce, login_hint

// RFC 7636 section 4.2: BASE64URL(SHA256(verifier)), without padding.
bool is_s256(std::string_view challenge) {
  return challenge.size() == 43 && std::ranges::all_of(challenge, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

// RFC 9700 section 2.1.1: without a challenge, or with a plain one, a stolen code is enough; unless
// the client is confidential and finds its nonce in the ID token. Absent: all is well.
std::optional<std::string> pkce_problem(const clients::Client& client,
                                        const AuthorizationParameters& p, const Scope& scope) {
  if (p.code_challenge.empty() && p.code_challenge_method.empty()) {
    if (client.needs_pkce) {
      return "PKCE is missing, which every client needs here: send code_challenge, and "
             "code_challenge_method=S256 (RFC 7636)";
    }
    if (scope.openid && !p.nonce.empty()) return std::nullopt;
    return "expected PKCE (code_challenge, and code_challenge_method=S256), or the scope openid "
           "with a nonce instead";
  }
  if (p.code_challenge_method != "S256") {
    return "code_challenge_method: expected S256 (RFC 7636)";
  }
  if (p.code_challenge.empty()) return "code_challenge: is missing (RFC 7636)";
  if (!is_s256(p.code_challenge)) {
    return "code_challenge: expected the 43 characters of BASE64URL(SHA256(verifier))";
  }
  return std::nullopt;
}

std::expected<Prompt, std::string> read_prompt(std::string_view text) {
  Prompt prompt;
  int values = 0;
  for (const auto part : std::views::split(text, ' ')) {
    const std::string_view value(part.begin(), part.end());
    if (value.empty()) continue;
    ++values;
    if (value == "none") {
      prompt.none = true;
    } else if (value == "login") {
      prompt.login = true;
    } else if (value == "consent") {
      prompt.consent = true;
    } else if (value == "create") {
      prompt.create = true;
    } else if (value == "select_account") {
      prompt.select_account = true;
    } else {
      return std::unexpected("prompt: expected create, login, consent, select_account or none");
    }
  }
  if (prompt.none && values > 1) return std::unexpected("prompt: none stands alone");
  return prompt;
}

std::optional<ResponseMode> read_mode(std::string_view text, std::string_view redirect_uri) {
  if (text.empty() || text == "query") return ResponseMode::query;
  if (text == "fragment") return ResponseMode::fragment;
  const bool takes_forms =
      redirect_uri.starts_with("https://") || redirect_uri.starts_with("http://");
  if (text == "form_post" && takes_forms) return ResponseMode::form_post;
  return std::nullopt;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

std::optional<Duration> read_seconds(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (fault != std::errc() || end != text.data() + text.size() || seconds < 0 ||
      seconds > 1'000'000'000) {
    return std::nullopt;
  }
  return std::chrono::seconds(seconds);
}

}  // namespace

std::expected<AuthorizationRequest, AuthorizationRefused> read_authorization_request(
    std::shared_ptr<const clients::Client> client, const AuthorizationParameters& p) {
  if (!client) return std::unexpected(NotTheClients::unknown_client);
  if (!client->redirects_to(p.redirect_uri)) {
    return std::unexpected(NotTheClients::wrong_address);
  }
  AuthorizationRequest request;
  request.redirect_uri = p.redirect_uri;
  const auto mode = read_mode(p.response_mode, p.redirect_uri);
  request.mode = mode.value_or(ResponseMode::query);
  // A form gives control characters back as others (HTML turns line ends into CR LF), and a state
  // has none (RFC 6749 appendix A.5).
  const bool returnable = request.mode != ResponseMode::form_post ||
                          std::ranges::none_of(p.state, [](char c) { return is_control(c); });
  if (p.state.size() <= kLongest && returnable) request.state = p.state;
  const auto refuse = [&](std::string_view error, std::string sentence) {
    return std::unexpected(ToClient{return_address(request), error, std::move(sentence)});
  };
  if (p.has_duplicates) return refuse("invalid_request", "a parameter came more than once");
  if (p.has_request) return refuse("request_not_supported", "request: is not supported");
  if (p.has_request_uri) {
    return refuse("request_uri_not_supported", "request_uri: is not supported");
  }
  if (p.response_type != "code") {
    return refuse(p.response_type.empty() ? "invalid_request" : "unsupported_response_type",
                  "response_type: expected code");
  }
  if (!mode) {
    return refuse("invalid_request",
                  "response_mode: expected query, fragment, or form_post for a web address");
  }
  if (!client->may(clients::Grant::authorization_code)) {
    return refuse("unauthorized_client",
                  "the client has not registered the authorization_code grant");
  }
  if (p.state.size() > kLongest || p.nonce.size() > kLongest || p.login_hint.size() > kLongest) {
    return refuse("invalid_request", "state, nonce or login_hint: too long");
  }
  if (!returnable) {
    return refuse("invalid_request", "state: has control characters, which no form gives back");
  }
  auto scope = read_scope(p.scope);
  if (!scope) return refuse("invalid_scope", scope.error());
  if (auto problem = pkce_problem(*client, p, *scope)) {
    return refuse("invalid_request", *std::move(problem));
  }
  const auto prompt = read_prompt(p.prompt);
  if (!prompt) return refuse("invalid_request", prompt.error());
  if (!p.max_age.empty()) {
    request.max_age = read_seconds(p.max_age);
    if (!request.max_age) return refuse("invalid_request", "max_age: expected seconds");
  }
  request.client = std::move(client);
  request.scope = std::move(*scope);
  request.code_challenge = p.code_challenge;
  request.nonce = p.nonce;
  request.prompt = *prompt;
  request.login_hint = p.login_hint;
  return request;
}

bool may_redirect_at_once(const clients::Client& client, bool signed_in) {
  return signed_in || client.configured;
}

ReturnAddress return_address(const AuthorizationRequest& request) {
  return {request.redirect_uri, request.mode, request.state};
}

AuthorizationStep next_step(const AuthorizationRequest& request,
                            const signin::BrowserSession* browser, bool consented, Time now) {
  using enum AuthorizationStep;
  const Prompt& prompt = request.prompt;
  if (prompt.create) return sign_up;
  if (browser == nullptr) return prompt.none ? login_required : sign_in;
  // OpenID Connect Core section 3.1.2.1: a code only for the person who is meant, and here nobody
  // can be asked who that is.
  if (prompt.none && request.wrong_hint) return login_required;
  if (request.hinted && *request.hinted != browser->account.id) {
    return prompt.none ? login_required : use_another_account;
  }
  const bool stale = !signin::is_fresh(browser->authenticated, request.max_age, now);
  if (prompt.login || stale) return prompt.none ? login_required : give_password_again;
  // RFC 8252 section 8.6: who answers at a loopback port or a private scheme is not known, so
  // nothing is handed there without a person's click.
  const bool known_address = request.redirect_uri.starts_with("https://");
  if (prompt.none) {
    return known_address && (consented || request.client->first_party) ? grant : consent_required;
  }
  // Who may choose an account has to see which one it is.
  const bool asked_for = prompt.consent || prompt.select_account;
  return request.client->first_party && known_address && !asked_for ? grant : ask_consent;
}

std::string redirect_to(const ReturnAddress& where, std::string_view parameters) {
  std::string uri = where.redirect_uri;
  if (where.mode == ResponseMode::fragment) {
    uri.push_back('#');
  } else {
    uri.push_back(uri.contains('?') ? '&' : '?');
  }
  return uri.append(parameters);
}

}  // namespace latchkey::oauth
