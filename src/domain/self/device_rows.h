#pragma once

#include <optional>
#include <vector>

#include "domain/self/overview.h"

// The SQL of a device list with its sessions. No rule is decided here.
namespace latchkey::self {

struct DeviceWithSession {
  AccountDevice device;             // without the standing of its session
  std::optional<SessionId> newest;  // of the sessions that are not over
};

// The live devices of a user, in no order.
std::vector<DeviceWithSession> list_account_devices(db::Tx& tx, UserId user);

// A user's live sessions without a device, the last used first.
std::vector<AccountApp> list_account_apps(db::Tx& tx, UserId user);

}  // namespace latchkey::self
