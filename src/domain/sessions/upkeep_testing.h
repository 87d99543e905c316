#pragma once

#include "domain/sessions/sessions_testing.h"

// What tests of housekeeping ask the rows, and do to them.
namespace latchkey::sessions::testing {

inline Time heartbeat(TestSessions& server) {
  return server.db().read_now(
      [](db::Tx& tx) { return std::get<0>(*tx.one<Time>("SELECT at FROM heartbeat")); });
}

// Time in which the server ran: no silence, and no jump of the clock.
inline void serve(TestSessions& server, Duration span) {
  server.sql("DELETE FROM gaps");
  server.sql("UPDATE heartbeat SET at = at + :span", span.count());
  server.clock.advance(span);
}

}  // namespace latchkey::sessions::testing
