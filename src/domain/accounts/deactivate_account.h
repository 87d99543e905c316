#pragma once

#include "domain/accounts/user_rows.h"
#include "domain/ground/ground.h"
#include "domain/sessions/sessions.h"

namespace latchkey::accounts {

// Within a transaction that has locked the account (sessions::lock_account): ends every session
// for good and gives its addresses back; the name stays taken. The password's hash stays, so that
// who knows the password can be told why it is not taken (M_USER_DEACTIVATED). With `erase` it
// goes, and with it what is kept of the person's devices: their names and where they were used.
// Writes `account` and everything else. An account that is deactivated already can still be erased.
void deactivate_account(db::Tx& tx, const Ground& ground, sessions::Sessions& sessions,
                        Account& account, bool erase);

}  // namespace latchkey::accounts
