#pragma once

#include <string>
#include <variant>

#include "domain/sessions/standing.h"

namespace latchkey::oauth {

// Why the token endpoint refuses a grant (RFC 6749 section 5.2, RFC 8628 section 3.5).
struct GrantRefused {
  enum class Why {
    invalid_grant,
    unauthorized_client,  // the client may not use this grant
    authorization_pending,
    slow_down,
    access_denied,
    expired_token,
    soft,    // the session waits for a new sign-in, the keys stay
    locked,  // the account is, and the token good again once it is not
  };
  Why why = Why::invalid_grant;
  std::string sentence;
};

}  // namespace latchkey::oauth
