#include "domain/oauth/claims.h"

#include <algorithm>
#include <span>

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

void note_openid_session(db::Tx& tx, SessionId session, const signin::Authentication& how) {
  tx.run(
      "INSERT INTO openid_sessions (session, authenticated_at, authenticated_by)"
      " VALUES (:session, :at, :by)",
      session, how.at, how.by);
}

Task<std::optional<RenewedClaims>> Claims::renewed(SessionId session, const Scope& scope) const {
  co_return co_await ground_.db.read([&](db::Tx& tx) -> std::optional<RenewedClaims> {
    const auto row = tx.one<UserId, std::string, std::optional<Time>,
                            std::optional<signin::AuthMethod>>(
        "SELECT u.id, u.localpart, o.authenticated_at, o.authenticated_by FROM openid_sessions o"
        " JOIN sessions s ON s.id = o.session JOIN users u ON u.id = s.user_id"
        " WHERE o.session = :session",
        session);
    if (!row) return std::nullopt;
    const auto& [user, localpart, at, by] = *row;
    if (!at || !by) return std::nullopt;
    return RenewedClaims{.user = user,
                         .authenticated = {.at = *at, .by = *by},
                         .person = person_claims(tx, user, localpart, scope)};
  });
}

// Which are over is asked of all of them: beside the writer, which has others to serve. None of
// them begins again.
void Claims::purge(const Batches& batches) const {
  const auto over = ground_.db.read_now([](db::Tx& tx) {
    return tx.all<SessionId>(
        "SELECT o.session FROM openid_sessions o WHERE NOT EXISTS"
        " (SELECT 1 FROM sessions s WHERE s.id = o.session AND"
        " (s.ended = 0 OR (s.ended = 1 AND s.device IS NOT NULL)))");
  });
  for (auto rest = std::span(over); !rest.empty() && batches.go_on();) {
    const auto batch = rest.first(std::min<std::size_t>(Batches::kSize, rest.size()));
    ground_.db.write_now([&](db::Tx& tx) {
      for (const auto& [session] : batch) {
        tx.run("DELETE FROM openid_sessions WHERE session = :session", session);
      }
    });
    batches.count(static_cast<std::int64_t>(batch.size()));
    rest = rest.subspan(batch.size());
  }
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
