#pragma once

#include <optional>
#include <span>
#include <vector>

#include "domain/sessions/lost_rows.h"
#include "domain/sessions/policy.h"
#include "domain/sessions/record.h"
#include "platform/db/tx.h"

// Devices that nobody uses any longer. Deleting one takes its encryption keys, and nobody can give
// them back, so that time only counts while this server was there to be used: what lies in a gap
// (lost_rows.h) does not. A clock that jumped leaves a gap behind, and so does a server that stood
// still; neither makes anything old.
namespace latchkey::sessions {

// How much of the time from `from` to `to` lies in no gap; zero if they are the other way round.
Duration served_between(std::span<const Gap> gaps, Time from, Time to);

// A device whose last use that is written is longer ago than this comes back late, where one that
// is not used for `longest` is deleted: a 24th, an hour of a day. A crash may cost it no more.
Duration late_after(Duration longest);

// Whether this is a use of one that comes back late. Such a one is written before it is answered,
// and before what it asks for is done: the node that deletes knows only what is written, and a
// crash forgets the rest.
bool comes_back_late(const Policy& policy, Time last_used, Time now);

struct DeviceUse {
  DeviceKey key{};
  UserId user{};
  // The newest of its sessions that are not over, or the end of the last lock of the account, under
  // which nobody could use it. Absent: it has no session, as those which application services make
  // (MSC4190).
  std::optional<Time> at = {};
};

// The account is locked no longer: from now on its devices can be used again.
void note_unlocked(db::Tx& tx, UserId user, Time now);

// The live devices behind `after`, in their order.
std::vector<DeviceUse> list_device_uses(db::Tx& tx, std::optional<DeviceKey> after,
                                        std::int64_t limit);
// Absent: it is deleted.
std::optional<DeviceUse> find_device_use(db::Tx& tx, DeviceKey device);

}  // namespace latchkey::sessions
