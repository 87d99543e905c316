#pragma once

#include <memory>
#include <optional>
#include <string>

#include "domain/sessions/record.h"

namespace latchkey::sessions {

// Who stands behind a good token, or is meant by an application service's.
struct Identity {
  UserId user{};
  std::optional<SessionId> session;  // absent: an application service's, which needs none
  std::string localpart;
  std::string device_id;  // empty: a session without a device
  bool admin = false;     // an administrator's, and the session's client may act as one
  bool suspended = false;
  // When the access token ends by its own lifetime, and when it was issued.
  std::optional<Time> expires_at;
  Time issued_at;
  std::shared_ptr<const ClientGrant> grant = {};  // null: the legacy API
};

// As far as the account tells: the rest is the session's.
inline Identity identity_of(const Account& account) {
  Identity who;
  who.user = account.id;
  who.localpart = account.localpart;
  who.admin = account.admin;
  who.suspended = account.suspended_at.has_value();
  return who;
}

}  // namespace latchkey::sessions
