#include "domain/accounts/account_changes.h"

#include "domain/accounts/recovery_links.h"
#include "domain/accounts/threepid_rows.h"

namespace latchkey::accounts {
namespace {

// Tells that a state has begun or is over, if it has changed.
template <class Begun, class Over>
void tell_state(db::Tx& tx, const events::Events& events, UserId id,
                const std::optional<Time>& before, const std::optional<Time>& after) {
  if (!before && after) events.tell(tx, Begun{id});
  if (before && !after) events.tell(tx, Over{id});
}

}  // namespace

void replace_password(db::Tx& tx, const events::Events& events, UserId id,
                      const std::optional<std::string>& hash, events::PasswordChange why,
                      std::optional<BrowserSessionId> except) {
  update_password_hash(tx, id, hash);
  delete_recovery_links_of(tx, id);
  events.tell(tx, events::PasswordReplaced{id, why, except});
}

void change_state(db::Tx& tx, const events::Events& events, const Account& before,
                  const Account& after) {
  using namespace events;
  update_account_state(tx, after);
  const UserId id = after.id;
  tell_state<AccountLocked, AccountUnlocked>(tx, events, id, before.locked_at, after.locked_at);
  tell_state<AccountSuspended, AccountUnsuspended>(tx, events, id, before.suspended_at,
                                                   after.suspended_at);
  tell_state<AccountDeactivated, AccountReactivated>(tx, events, id, before.deactivated_at,
                                                     after.deactivated_at);
  if (before.admin != after.admin) events.tell(tx, AdministratorChanged{id, after.admin});
}

void change_display_name(db::Tx& tx, const events::Events& events, UserId id,
                         const std::optional<std::string>& name) {
  update_display_name(tx, id, name);
  events.tell(tx, events::DisplayNameChanged{id, name});
}

bool add_threepid(db::Tx& tx, const events::Events& events, UserId id, const Threepid& threepid,
                  Time now) {
  const bool added = insert_threepid(tx, id, threepid, now);
  if (added) events.tell(tx, events::AddressesChanged{id});
  return added;
}

bool remove_threepid(db::Tx& tx, const events::Events& events, UserId id,
                     const Threepid& threepid) {
  const bool removed = delete_threepid(tx, id, threepid);
  if (removed) events.tell(tx, events::AddressesChanged{id});
  return removed;
}

}  // namespace latchkey::accounts
