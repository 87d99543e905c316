#include "domain/accounts/deactivate_account.h"

#include "domain/accounts/account_changes.h"
#include "domain/accounts/recovery_links.h"
#include "domain/accounts/threepid_rows.h"
#include "domain/sessions/session_rows.h"

namespace latchkey::accounts {

void deactivate_account(db::Tx& tx, const Ground& ground, sessions::Sessions& sessions,
                        Account& account, bool erase) {
  const events::Events& events = ground.events;
  const Time now = ground.clock.now();
  sessions.end_all_of(tx, account.id, EndReason::account_deactivated);
  delete_threepids_of(tx, account.id);
  delete_recovery_links_of(tx, account.id);
  const Account before = account;
  if (!account.deactivated_at) account.deactivated_at = now;
  change_state(tx, events, before, account);
  if (!erase) return;
  replace_password(tx, events, account.id, std::nullopt, events::PasswordChange::taken_away);
  update_erased(tx, account.id, now);
  update_display_name(tx, account.id, std::nullopt);
  sessions::forget_devices_of_user(tx, account.id);
  events.tell(tx, events::AccountErased{account.id});
}

}  // namespace latchkey::accounts
