#pragma once

#include <optional>
#include <string>

#include "domain/sessions/devices.h"
#include "domain/sessions/origin.h"
#include "domain/sessions/policy.h"
#include "domain/sessions/record.h"

namespace latchkey::sessions {

struct NewSession {
  // Absent: one is made; a client with a grant then gets none (it has no Matrix scope).
  std::optional<std::string> device_id;
  bool new_device = false;    // the ID was made up: no device has it, and none need be looked for
  DeviceDetails device = {};  // of one that is not known yet
  bool refreshes = false;     // the client takes refresh tokens
  std::optional<ClientGrant> grant = {};  // of an OAuth 2.0 client
  std::optional<Method> method = {};
  // By whose click it began on the same machine: for people to tell which device they hold.
  std::optional<BrowserSessionId> browser = {};
  Origin origin;
  // As what it may have been written already: see Sessions::start_unlocked.
  std::optional<Record> tried = {};

  Holding holding() const { return grant && !device_id ? Holding::app : Holding::device; }
};

enum class StartRefusal { account_deactivated, account_locked, too_many_devices };

}  // namespace latchkey::sessions
