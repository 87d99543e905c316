#pragma once

#include "domain/events/events.h"
#include "domain/ground/id_source.h"
#include "platform/db/database.h"
#include "platform/telemetry/log.h"
#include "platform/telemetry/metrics.h"
#include "platform/time.h"

namespace latchkey {

// What the whole domain stands on, built once in app/ and handed to all that need it: the
// database, the time, new identifiers, the listeners to what happens, and where to say it to
// operators.
struct Ground {
  db::Database& db;
  const Clock& clock;
  IdSource& ids;
  const events::Events& events;
  telemetry::Registry& metrics;
  telemetry::Log log;
};

}  // namespace latchkey
