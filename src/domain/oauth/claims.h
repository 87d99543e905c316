#pragma once

#include <boost/json/object.hpp>

#include "domain/ground/ground.h"
#include "domain/oauth/scope.h"
#include "domain/sessions/identity.h"
#include "platform/task.h"

namespace latchkey::oauth {

// What an ID token says of the person: with profile `preferred_username` and `name`, their display
// name or else the same; with email the oldest `email` that the account has, if any. The operator
// who added the address vouches for it, so it counts as verified.
boost::json::object person_claims(db::Tx& tx, UserId user, std::string_view localpart,
                                  const Scope& scope);

// What a client may know of the person (OpenID Connect Core sections 5.1 and 5.4).
class Claims {
 public:
  explicit Claims(const Ground& ground) : ground_(ground) {}

  // At userinfo, for `scope` with openid in it: `sub`, `preferred_username` whatever the scope, and
  // the rest as in an ID token. Throws db::Unavailable when the database is away.
  Task<boost::json::object> of(const sessions::Identity& who, const Scope& scope) const;

 private:
  const Ground& ground_;
};

}  // namespace latchkey::oauth
