#include "domain/oauth/claims.h"

#include <algorithm>

#include "domain/accounts/threepid_rows.h"
#include "domain/accounts/user_rows.h"
#include "domain/oauth/id_token.h"

namespace latchkey::oauth {

boost::json::object person_claims(db::Tx& tx, UserId user, std::string_view localpart,
                                  const Scope& scope) {
  boost::json::object claims;
  if (scope.profile) {
    const std::string name = accounts::find_display_name(tx, user);
    claims["name"] = name.empty() ? localpart : std::string_view(name);
    claims["preferred_username"] = localpart;
  }
  if (!scope.email) return claims;
  const auto all = accounts::list_threepids(tx, user);
  const auto email = std::ranges::find_if(all, [](const accounts::ListedThreepid& listed) {
    return listed.threepid.medium == "email";
  });
  if (email != all.end()) {
    claims["email"] = email->threepid.address;
    claims["email_verified"] = true;
  }
  return claims;
}

Task<boost::json::object> Claims::of(const sessions::Identity& who, const Scope& scope) const {
  boost::json::object claims;
  if (scope.profile || scope.email) {
    claims = co_await ground_.db.read(
        [&](db::Tx& tx) { return person_claims(tx, who.user, who.localpart, scope); });
  }
  claims["sub"] = public_id(who.user);
  claims["preferred_username"] = who.localpart;
  co_return claims;
}

}  // namespace latchkey::oauth
