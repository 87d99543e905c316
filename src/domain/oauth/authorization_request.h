#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "domain/clients/client.h"
#include "domain/oauth/scope.h"
#include "domain/signin/browser_sessions.h"
#include "platform/time.h"

// What a client asks of a person's browser (RFC 6749 section 4.1.1; OpenID Connect Core section
// 3.1.2.1; spec "Authorisation code flow"). Pure.
namespace latchkey::oauth {

enum class ResponseMode {
  query,
  fragment,
  form_post,  // OAuth 2.0 Form Post Response Mode; to web addresses alone
};

// The parameters as they came; absent ones are empty.
struct AuthorizationParameters {
  std::string response_type;
  std::string redirect_uri;
  std::string response_mode;
  std::string scope;
  std::string state;
  std::string code_challenge;
  std::string code_challenge_method;
  std::string nonce;
  std::string prompt;
  std::string login_hint;
  std::string max_age;
  std::string id_token_hint;     // read by who has the keys
  bool has_request = false;      // not supported
  bool has_request_uri = false;  // not supported
  bool has_duplicates = false;   // a parameter came twice (RFC 6749 section 3.1)
};

struct Prompt {
  bool none = false;
  bool login = false;
  bool consent = false;
  bool create = false;
  bool select_account = false;
};

struct AuthorizationRequest {
  std::shared_ptr<const clients::Client> client;
  std::string redirect_uri;
  ResponseMode mode = ResponseMode::query;
  std::string state;
  Scope scope;
  std::string code_challenge;  // empty: a client that need not send one sent a nonce
  std::string nonce;
  Prompt prompt;
  std::string login_hint;
  std::optional<Duration> max_age;
  std::optional<UserId> hinted = {};  // whom the client means (id_token_hint)
  bool wrong_hint = false;            // an id_token_hint that is no ID token of this client
};

// Where an answer goes: nowhere but to a redirect URI that was found to be the client's.
struct ReturnAddress {
  std::string redirect_uri;
  ResponseMode mode = ResponseMode::query;
  std::string state;
};

// Told to the person: the client is not to be trusted with an answer.
enum class NotTheClients {
  unknown_client,
  wrong_address,  // not one of the client's redirect URIs
};
// Told to the client (RFC 6749 section 4.1.2.1).
struct ToClient {
  ReturnAddress where;
  std::string_view error;
  std::string sentence;
};
using AuthorizationRefused = std::variant<NotTheClients, ToClient>;

std::expected<AuthorizationRequest, AuthorizationRefused> read_authorization_request(
    std::shared_ptr<const clients::Client> client, const AuthorizationParameters& parameters);

// Whether a refusal may go to the client without anybody seeing to it. Anybody can register, so
// else a link to this server would lead people who only opened it to any site (RFC 9700 section
// 4.11.2): with prompt=none too, which costs whoever makes the link nothing.
bool may_redirect_at_once(const clients::Client& client, bool signed_in);

ReturnAddress return_address(const AuthorizationRequest& request);

// What a browser is shown next.
enum class AuthorizationStep {
  sign_up,
  sign_in,
  give_password_again,
  use_another_account,
  ask_consent,
  grant,  // prompt=none, and the person has consented to the same before; or the operator's own app
  login_required,
  consent_required,
};
// `consented`: an open session of this person holds the same grant for this client already.
AuthorizationStep next_step(const AuthorizationRequest& request,
                            const signin::BrowserSession* browser, bool consented, Time now);

// The redirect that answers, in the modes that redirect: `parameters` is form-encoded already (RFC
// 6749 section 4.1.2; OAuth 2.0 Multiple Response Type Encoding Practices section 2.1).
std::string redirect_to(const ReturnAddress& where, std::string_view parameters);

}  // namespace latchkey::oauth
