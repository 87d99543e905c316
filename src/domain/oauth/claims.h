#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string_view>

#include "domain/ground/batches.h"
#include "domain/ground/ground.h"
#include "domain/oauth/scope.h"
#include "domain/sessions/identity.h"
#include "domain/signin/authentication.h"
#include "platform/task.h"

namespace latchkey::oauth {

// What an ID token says of the person: with profile `preferred_username` and `name`, their display
// name or else the same; with email the oldest `email` that the account has, if any. The operator
// who added the address vouches for it, so it counts as verified.
boost::json::object person_claims(db::Tx& tx, UserId user, std::string_view localpart,
                                  const Scope& scope);

// That an ID token of the session is renewed with the time and the method of this (OpenID Connect
// Core section 12.2).
void note_openid_session(db::Tx& tx, SessionId session, const signin::Authentication& how);

// What the ID token of a refresh is made of.
struct RenewedClaims {
  UserId user{};
  signin::Authentication authenticated;
  boost::json::object person;  // person_claims()
};

// What a client may know of the person (OpenID Connect Core sections 5.1 and 5.4).
class Claims {
 public:
  explicit Claims(const Ground& ground) : ground_(ground) {}

  // At userinfo, for `scope` with openid in it: `sub`, `preferred_username` whatever the scope, and
  // the rest as in an ID token. Throws db::Unavailable when the database is away.
  Task<boost::json::object> of(const sessions::Identity& who, const Scope& scope) const;

  // Of a session with openid in its scope; absent: it began before such were noted. Throws
  // db::Unavailable, too.
  Task<std::optional<RenewedClaims>> renewed(SessionId session, const Scope& scope) const;

  // Forgets sessions that are over.
  void purge(const Batches& batches = {}) const;

 private:
  const Ground& ground_;
};

}  // namespace latchkey::oauth
