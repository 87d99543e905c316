#include "domain/self/own_account.h"

#include <utility>

#include "domain/accounts/account_changes.h"
#include "domain/accounts/deactivate_account.h"
#include "domain/sessions/session_rows.h"

namespace latchkey::self {
namespace {

using sessions::EndReason;
using sessions::Session;

}  // namespace

// `change` gets the transaction, the account and the caller's session (absent: an application
// service's), all as they are under the account's lock.
template <class T, class Change>
Task<OwnAccountResult<T>> OwnAccount::confirmed(const signin::Caller& who,
                                                const confirm::AuthPassed& passed, Change change) {
  using Result = OwnAccountResult<T>;
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result {
    auto account = sessions::lock_account(tx, who.identity.user);
    std::optional<Session> session;
    if (!who.is_service()) session = sessions::find_session(tx, who.identity.session);
    if (!account || (!who.is_service() && !session)) {
      throw db::Unavailable("a session vanished while its account was changed");
    }
    // Somebody may have signed this session out while its person was typing the password.
    const auto over = session ? sessions_.over(*session) : sessions::judge_account(*account);
    // The service's token is good: only its user is not, any more.
    if (over && who.is_service() && over->worth == sessions::Worth::ended) {
      return std::unexpected(signin::LoginRefused{signin::LoginRefused::Why::account_deactivated});
    }
    if (over) return std::unexpected(*over);
    if (!auth_.redeem(tx, passed)) return std::unexpected(AuthUsedUp{});
    return change(tx, *account, session);
  });
}

Task<OwnAccountResult<>> OwnAccount::change_password(signin::Caller who, std::string password,
                                                     bool logout_devices,
                                                     confirm::AuthPassed passed) {
  const auto hash = co_await passwords_.hash(std::move(password));
  if (!hash) {
    co_return std::unexpected(
        signin::LoginRefused{signin::LoginRefused::Why::busy, accounts::kBusyFor});
  }
  co_return co_await confirmed(who, passed,
                               [&](db::Tx& tx, const accounts::Account& account,
                                   const std::optional<Session>& session) -> OwnAccountResult<> {
                                 accounts::replace_password(tx, ground_.events, account.id, hash,
                                                            events::PasswordChange::by_its_person);
                                 if (!logout_devices) return {};
                                 if (session) {
                                   sessions_.end_all_but(tx, *session, EndReason::password_changed);
                                 } else {
                                   sessions_.end_all_of(tx, account.id,
                                                        EndReason::password_changed);
                                 }
                                 return {};
                               });
}

Task<OwnAccountResult<>> OwnAccount::deactivate(signin::Caller who, bool erase,
                                                confirm::AuthPassed passed) {
  // Its own user is what a service acts as when it names no other.
  if (who.is_service() && who.identity.localpart == who.service->sender_localpart) {
    co_return std::unexpected(signin::LoginRefused{signin::LoginRefused::Why::service_itself});
  }
  co_return co_await confirmed(who, passed,
                               [&](db::Tx& tx, accounts::Account& account,
                                   const std::optional<Session>&) -> OwnAccountResult<> {
                                 accounts::deactivate_account(tx, ground_, sessions_, account,
                                                              erase);
                                 return {};
                               });
}

Task<OwnAccountResult<>> OwnAccount::delete_devices(signin::Caller who,
                                                    std::vector<std::string> device_ids,
                                                    confirm::AuthPassed passed) {
  co_return co_await confirmed(who, passed,
                               [&](db::Tx& tx, const accounts::Account& account,
                                   const std::optional<Session>&) -> OwnAccountResult<> {
                                 for (const std::string& id : device_ids) {
                                   const auto device = sessions::find_device(tx, account.id, id);
                                   if (device)
                                     sessions_.end_device(tx, *device, EndReason::device_deleted);
                                 }
                                 return {};
                               });
}

Task<OwnAccountResult<>> OwnAccount::sign_out_everywhere(signin::Caller who) {
  co_return co_await confirmed(who, {},
                               [&](db::Tx& tx, const accounts::Account& account,
                                   const std::optional<Session>&) -> OwnAccountResult<> {
                                 sessions_.end_all_of(tx, account.id, EndReason::logout_all);
                                 return {};
                               });
}

Task<OwnAccountResult<std::string>> OwnAccount::make_login_token(signin::Caller who,
                                                                 confirm::AuthPassed passed) {
  co_return co_await confirmed<std::string>(
      who, passed,
      [&](db::Tx& tx, const accounts::Account&, const std::optional<Session>& session)
          -> OwnAccountResult<std::string> { return login_tokens_.make(tx, session->record.id); });
}

}  // namespace latchkey::self
