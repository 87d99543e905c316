#pragma once

#include "domain/ground/id_source.h"
#include "platform/db/database.h"
#include "platform/telemetry/log.h"
#include "platform/telemetry/metrics.h"
#include "platform/time.h"

namespace latchkey {

// What the whole domain stands on, built once in app/ and handed to all that need it: the
// database, the time, new identifiers, and where to say what happened.
struct Ground {
  db::Database& db;
  const Clock& clock;
  IdSource& ids;
  telemetry::Registry& metrics;
  telemetry::Log log;
};

}  // namespace latchkey
