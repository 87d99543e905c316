#pragma once

#include <vector>

#include "domain/accounts/threepid.h"
#include "domain/sessions/record.h"
#include "platform/db/tx.h"

// The SQL of third-party identifiers. No rule is decided here.
namespace latchkey::accounts {

// False when it is taken, by this user or another.
bool insert_threepid(db::Tx& tx, UserId user, const Threepid& threepid, Time now);
// False when this user has no such.
bool delete_threepid(db::Tx& tx, UserId user, const Threepid& threepid);
void delete_threepids_of(db::Tx& tx, UserId user);

struct ListedThreepid {
  Threepid threepid;
  Time added_at;
};
// The oldest first.
std::vector<ListedThreepid> list_threepids(db::Tx& tx, UserId user);

}  // namespace latchkey::accounts
