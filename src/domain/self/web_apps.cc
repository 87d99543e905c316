// Apps on the account pages that have no device.

#include "domain/self/web_account.h"
#include "domain/self/web_account_rows.h"
#include "domain/sessions/session_rows.h"

namespace latchkey::self {

Task<std::vector<AccountApp>> WebAccount::apps(const signin::BrowserSession& who) {
  co_return co_await ground_.db.read(
      [&](db::Tx& tx) { return list_account_apps(tx, who.account.id); });
}

Task<WebResult<>> WebAccount::end_app(const signin::BrowserSession& who, SessionId app) {
  co_return co_await ground_.db.write([&](db::Tx& tx) -> WebResult<> {
    const auto account = lock(tx, who, Need::signed_in);
    if (!account) return std::unexpected(account.error());
    const auto session = sessions::find_session(tx, app);
    if (session && session->account.id == account->id && !session->record.device) {
      sessions_.end_for_good(tx, *session, sessions::EndReason::logout);
    }
    return {};
  });
}

}  // namespace latchkey::self
