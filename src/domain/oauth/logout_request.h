#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "domain/clients/client.h"
#include "domain/oauth/authorization_request.h"
#include "domain/oauth/id_token.h"

// What a client asks for when it sends a person here to sign out (OpenID Connect RP-Initiated
// Logout 1.0 section 2). Pure.
namespace latchkey::oauth {

// The parameters as they came; absent ones are empty.
struct LogoutParameters {
  std::string id_token_hint = {};
  std::string client_id = {};
  std::string post_logout_redirect_uri = {};
  std::string state = {};
  bool has_duplicates = false;  // a parameter came twice
};

using ReadHint = std::expected<IdTokenHint, HintFault>;

enum class LogoutRefused : std::uint8_t {
  duplicates,
  bad_hint,        // no ID token of this server's
  other_client,    // client_id is not whom the ID token was for
  unknown_client,  // nobody's client_id, or nobody says whose address that is
  wrong_address,   // not one of the client's post_logout_redirect_uris
};

struct LogoutRequest {
  std::shared_ptr<const clients::Client> client;  // null: the request names none
  std::optional<ReturnAddress> back;              // where to go afterwards; absent: nowhere
  bool hinted = false;  // whether the client has shown an ID token of this server's
};

// Whether somebody who is signed out goes back without a click. Not where anybody may have made the
// link (section 3): whoever registers a client has ID tokens for it, of their own account.
bool leads_on_at_once(const LogoutRequest& request);

// Whom to look up: the client that is named, or whom the ID token was for. Empty: nobody.
std::string client_of_logout(const LogoutParameters& parameters,
                             const std::optional<ReadHint>& hint);

// `hint`: what the ID token says, absent when none came. `client`: of client_of_logout(), or null.
std::expected<LogoutRequest, LogoutRefused> read_logout_request(
    std::shared_ptr<const clients::Client> client, const LogoutParameters& parameters,
    const std::optional<ReadHint>& hint);

}  // namespace latchkey::oauth
