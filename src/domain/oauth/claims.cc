#include "domain/oauth/claims.h"

#include <algorithm>

#include "domain/accounts/threepid_rows.h"
#include "domain/oauth/id_token.h"

namespace latchkey::oauth {

Task<boost::json::object> Claims::of(const sessions::Identity& who, const Scope& scope) const {
  boost::json::object claims{{"sub", public_id(who.user)}, {"preferred_username", who.localpart}};
  if (!scope.email) co_return claims;
  const auto all =
      co_await ground_.db.read([&](db::Tx& tx) { return accounts::list_threepids(tx, who.user); });
  const auto email = std::ranges::find_if(all, [](const accounts::ListedThreepid& listed) {
    return listed.threepid.medium == "email";
  });
  if (email != all.end()) {
    claims["email"] = email->threepid.address;
    claims["email_verified"] = true;
  }
  co_return claims;
}

}  // namespace latchkey::oauth
