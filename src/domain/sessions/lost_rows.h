#pragma once

#include <vector>

#include "domain/sessions/standing.h"
#include "platform/db/tx.h"

// What lets a session whose row is missing be told from one that ended and was purged: the
// heartbeat and the gaps (docs/formats/sessions.md, "Sessions missing after a restore").
namespace latchkey::sessions {

// At a start and at each reconnect, before the next heartbeat and in its transaction: what the
// database may have lost since the newest heartbeat it holds becomes a gap; in a new one that is
// all of the past, and a minute more where the keys it lists are older. `clock` is the id clock.
// Returns the heartbeat found; absent in a new database.
std::optional<Time> note_gap_and_beat(db::Tx& tx, Time clock);

// Each minute. Only moves forward. A silence of several beats becomes a gap too. Returns the
// newest heartbeat there is now: no id may be made from before it.
Time beat(db::Tx& tx, Time clock);

// Grows a gap that it touches, so that many short outages make few rows.
void add_gap(db::Tx& tx, Time from, Time to, Time now);

bool in_gap(db::Tx& tx, Time born);
// Whether it may ever have been replaced by an older copy of itself. A new one beside older keys is
// none: it lists all that this node's file holds.
bool may_be_older(db::Tx& tx);

struct Gap {
  Time from;
  Time to;
};
// By their beginnings; they may overlap.
std::vector<Gap> list_gaps(db::Tx& tx);

// Everything judge_lost() asks about a session born at that moment.
Lost lost_row(db::Tx& tx, Time born);

}  // namespace latchkey::sessions
