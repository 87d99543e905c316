#pragma once

#include <memory>
#include <optional>
#include <string>

#include "domain/sessions/record.h"

namespace latchkey::sessions {

// Who stands behind a good token.
struct Identity {
  SessionId session{};
  UserId user{};
  std::string localpart;
  std::string device_id;  // empty: a session without a device
  bool admin = false;
  bool suspended = false;
  // When the access token ends by its own lifetime, and when it was issued.
  std::optional<Time> expires_at;
  Time issued_at;
  std::shared_ptr<const ClientGrant> grant = {};  // null: the legacy API
};

}  // namespace latchkey::sessions
