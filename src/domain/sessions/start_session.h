#pragma once

#include <expected>
#include <optional>
#include <string>

#include "domain/events/events.h"
#include "domain/ground/id_source.h"
#include "domain/sessions/announcer.h"
#include "domain/sessions/devices.h"
#include "domain/sessions/origin.h"
#include "domain/sessions/policy.h"
#include "domain/sessions/record.h"

namespace latchkey::sessions {

struct NewSession {
  // Absent: one is made; a client with a grant then gets none (it has no Matrix scope).
  std::optional<std::string> device_id;
  DeviceDetails device = {};              // of one that is not known yet
  bool refreshes = false;                 // the client takes refresh tokens
  std::optional<ClientGrant> grant = {};  // of an OAuth 2.0 client
  std::optional<Method> method = {};
  // By whose click it began on the same machine: for people to tell which device they hold.
  std::optional<BrowserSessionId> browser = {};
  Origin origin;
};

enum class StartRefusal { account_deactivated, account_locked, too_many_devices };

// Begins a session of an account whose row the caller holds locked. A session that the device
// has already ends softly and the device stays, with its keys on the homeserver: a second tab of
// the same client must not wipe what was just signed in again (spec "Relationship between access
// tokens and devices").
std::expected<Session, StartRefusal> start_session(db::Tx& tx, const Announcer& announcer,
                                                   const events::Events& events, IdSource& ids,
                                                   const Policy& policy, const Account& account,
                                                   const NewSession& wanted, Time now);

}  // namespace latchkey::sessions
