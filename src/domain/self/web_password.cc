// Passwords on the account pages: replaced by who knows the one before, or by a recovery link.

#include <utility>

#include "domain/accounts/account_changes.h"
#include "domain/accounts/recovery_links.h"
#include "domain/self/web_account.h"
#include "domain/sessions/session_rows.h"

namespace latchkey::self {
namespace {

using sessions::EndReason;

std::unexpected<WebRefusal> refuse(WebRefused why) { return std::unexpected(WebRefusal{why}); }

WebRefusal refusal_of(const signin::LoginRefused& refused) {
  switch (refused.why) {
    case signin::LoginRefused::Why::too_many_failures:
      return {WebBlocked{refused.retry_after}};
    case signin::LoginRefused::Why::busy:
      return {WebRefused::busy};
    default:
      return {WebRefused::wrong_password};
  }
}

// An account that a link can still recover.
bool recoverable(const std::optional<accounts::Account>& account) {
  return account && !sessions::judge_account(*account);
}

}  // namespace

Task<WebResult<>> WebAccount::change_password(const signin::BrowserSession& who,
                                              std::string current, std::string wanted,
                                              bool logout_devices) {
  using Done = std::optional<WebResult<>>;
  sessions_.require_hearing();
  if (!checks_.enabled()) co_return refuse(WebRefused::wrong_password);
  const std::string localpart = who.account.localpart;
  std::optional<std::string> hash;
  // Again when the hash was replaced meanwhile, as PasswordCheck::with_account() does.
  for (int tries = 0; tries < signin::kMostPasswordTries; ++tries) {
    // First: the estimate of the new one is not for who does not know the old one.
    const auto checked =
        co_await checks_.check(signin::UserName{localpart}, current, who.origin.address);
    if (!checked) co_return std::unexpected(refusal_of(checked.error()));
    if (!hash) {
      if (const auto refused = co_await passwords_.refuse_new(wanted, localpart)) {
        co_return std::unexpected(WebRefusal{*refused});
      }
      hash = co_await passwords_.hash(wanted);
      if (!hash) co_return refuse(WebRefused::busy);
    }
    const auto done = co_await ground_.db.write([&](db::Tx& tx) -> Done {
      const auto account = lock(tx, who, Need::signed_in);
      if (!account) return std::unexpected(account.error());
      if (!signin::PasswordCheck::lock_if_unchanged(tx, *checked)) return std::nullopt;
      accounts::replace_password(tx, ground_.events, account->id, hash,
                                 events::PasswordChange::by_its_person, who.id);
      if (logout_devices) {
        sessions_.end_all_not_held(tx, account->id, EndReason::password_changed, who.id);
      }
      return WebResult<>{};
    });
    if (done) co_return *done;
  }
  throw db::Unavailable("a password was changed again and again while it was checked");
}

Task<std::optional<sessions::Account>> WebAccount::recovery_account(std::string link) {
  if (!checks_.enabled()) co_return std::nullopt;
  co_return co_await ground_.db.read([&](db::Tx& tx) -> std::optional<sessions::Account> {
    const auto user = accounts::find_recovery_link(tx, link, ground_.clock.now());
    if (!user) return std::nullopt;
    auto found = accounts::find_user_by_id(tx, *user);
    if (!found || !recoverable(found->account)) return std::nullopt;
    return std::move(found->account);
  });
}

Task<WebResult<signin::BrowserSignedIn>> WebAccount::recover(std::string link, std::string wanted,
                                                             bool logout_devices,
                                                             sessions::Origin origin) {
  using Result = WebResult<signin::BrowserSignedIn>;
  sessions_.require_hearing();
  const auto meant = co_await recovery_account(link);
  if (!meant) co_return refuse(WebRefused::no_longer_valid);
  if (const auto refused = co_await passwords_.refuse_new(wanted, meant->localpart)) {
    co_return std::unexpected(WebRefusal{*refused});
  }
  const auto hash = co_await passwords_.hash(wanted);
  if (!hash) co_return refuse(WebRefused::busy);
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result {
    const auto account = sessions::lock_account(tx, meant->id);
    // Read again under the account's lock: of two that use the link at once one finds it.
    if (!recoverable(account) ||
        accounts::find_recovery_link(tx, link, ground_.clock.now()) != account->id) {
      return refuse(WebRefused::no_longer_valid);
    }
    // Uses the link up.
    accounts::replace_password(tx, ground_.events, account->id, hash,
                               events::PasswordChange::recovered);
    if (logout_devices) sessions_.end_all_of(tx, account->id, EndReason::password_changed);
    return browsers_.begin(tx, *account, origin);
  });
}

void WebAccount::purge() {
  ground_.db.write_now(
      [&](db::Tx& tx) { accounts::purge_recovery_links(tx, ground_.clock.now()); });
}

}  // namespace latchkey::self
