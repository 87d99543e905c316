#pragma once

#include "platform/time.h"

namespace latchkey::signin {

// Why nobody was signed in, or nobody confirmed to be who they are.
struct LoginRefused {
  enum class Why {
    wrong_credentials,  // or no such user: the two cannot be told apart, by time either
    token_not_good,     // a login token that is unknown, used, or too old
    account_deactivated,
    account_locked,
    too_many_devices,
    too_many_failures,  // of this address or account
    busy,               // too many passwords are being checked
    not_offered,        // the configuration does not offer this way of signing in
    outside_namespace,  // an application service asks for a user that is not its own
    not_registered,     // the same, of one that does not exist
    service_itself,     // it would deactivate its own user
  };
  Why why;
  Duration retry_after{0};  // with too_many_failures and busy
};

}  // namespace latchkey::signin
