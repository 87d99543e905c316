#include "domain/accounts/deactivate_account.h"

#include "domain/accounts/recovery_links.h"
#include "domain/accounts/threepid_rows.h"
#include "domain/sessions/session_rows.h"

namespace latchkey::accounts {

void deactivate_account(db::Tx& tx, sessions::Sessions& sessions, Account& account, bool erase,
                        Time now) {
  if (!account.deactivated_at) account.deactivated_at = now;
  update_account_state(tx, account);
  sessions.end_all_of(tx, account.id, sessions::EndReason::account_deactivated);
  delete_threepids_of(tx, account.id);
  delete_recovery_links_of(tx, account.id);
  if (!erase) return;
  replace_password(tx, account.id, std::nullopt);
  update_erased(tx, account.id, now);
  update_display_name(tx, account.id, std::nullopt);
  sessions::forget_devices_of_user(tx, account.id);
}

}  // namespace latchkey::accounts
