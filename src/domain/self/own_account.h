#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/accounts/passwords.h"
#include "domain/confirm/interactive_auth.h"
#include "domain/sessions/devices.h"
#include "domain/signin/callers.h"
#include "domain/signin/login_tokens.h"

// What a person does to their own account once they have confirmed who they are. Each operation
// redeems that confirmation in its own transaction.
namespace latchkey::self {

struct AuthUsedUp {};  // another request was faster: begin anew

// Standing: the caller's session ended while they were confirming.
using OwnAccountRefused = std::variant<AuthUsedUp, sessions::Standing, signin::LoginRefused>;
template <class T = void>
using OwnAccountResult = std::expected<T, OwnAccountRefused>;

class OwnAccount {
 public:
  OwnAccount(const Ground& ground, sessions::Sessions& sessions, confirm::InteractiveAuth& auth,
             accounts::Passwords& passwords, signin::LoginTokens& login_tokens)
      : ground_(ground),
        sessions_(sessions),
        auth_(auth),
        passwords_(passwords),
        login_tokens_(login_tokens) {}

  // Why a new password is refused; absent: it is not.
  Task<std::optional<accounts::NewPasswordRefused>> refuse_password(const signin::Caller& who,
                                                                    std::string password) {
    return passwords_.refuse_new(std::move(password), who.identity.localpart);
  }

  // POST /account/password (MSC2457). With `logout_devices` every other session of the account
  // ends for good in the transaction that writes the hash; the caller's own goes on either way,
  // with its refresh token.
  Task<OwnAccountResult<>> change_password(signin::Caller who, std::string password,
                                           bool logout_devices, confirm::AuthPassed passed);

  // POST /account/deactivate. `erase` also forgets what is personal.
  Task<OwnAccountResult<>> deactivate(signin::Caller who, bool erase, confirm::AuthPassed passed);

  // DELETE /devices/{deviceId} and POST /delete_devices. Unknown ones are deleted already.
  Task<OwnAccountResult<>> delete_devices(signin::Caller who, std::vector<std::string> device_ids,
                                          confirm::AuthPassed passed);

  // POST /logout/all of an application service for one of its users, which it need not confirm.
  Task<OwnAccountResult<>> sign_out_everywhere(signin::Caller who);

  // POST /login/get_token.
  Task<OwnAccountResult<std::string>> make_login_token(signin::Caller who,
                                                       confirm::AuthPassed passed);

 private:
  // Runs `change` with the account locked, unless the confirmation or the session is gone.
  template <class T = void, class Change>
  Task<OwnAccountResult<T>> confirmed(const signin::Caller& who, const confirm::AuthPassed& passed,
                                      Change change);

  const Ground& ground_;
  sessions::Sessions& sessions_;
  confirm::InteractiveAuth& auth_;
  accounts::Passwords& passwords_;
  signin::LoginTokens& login_tokens_;
};

}  // namespace latchkey::self
