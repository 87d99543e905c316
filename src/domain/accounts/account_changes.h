#pragma once

#include <optional>
#include <string>

#include "domain/accounts/user_rows.h"
#include "domain/events/events.h"

// Changes of an account that others have to hear of: each writes, and tells.
namespace latchkey::accounts {

// Another password, or none: what was confirmed with the one before is void, and so are the links
// to recover the account and the browsers that are signed in, except one.
void replace_password(db::Tx& tx, const events::Events& events, UserId id,
                      const std::optional<std::string>& hash, events::PasswordChange why,
                      std::optional<BrowserSessionId> except = {});

// Writes whether it is locked, suspended, deactivated and an administrator's, as `after` has it.
void change_state(db::Tx& tx, const events::Events& events, const Account& before,
                  const Account& after);

void change_display_name(db::Tx& tx, const events::Events& events, UserId id,
                         const std::optional<std::string>& name);

// False when it is taken, by this user or another.
bool add_threepid(db::Tx& tx, const events::Events& events, UserId id, const Threepid& threepid,
                  Time now);
// False when this user has no such.
bool remove_threepid(db::Tx& tx, const events::Events& events, UserId id, const Threepid& threepid);

}  // namespace latchkey::accounts
