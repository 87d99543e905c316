#include "domain/administration/moderation.h"

#include "domain/accounts/account_changes.h"
#include "domain/accounts/matrix_id.h"
#include "domain/sessions/session_rows.h"

namespace latchkey::administration {
namespace {

using Refused = ModerationRefused;
using sessions::Account;

std::optional<Time>& since(Account& account, Measure measure) {
  return measure == Measure::lock ? account.locked_at : account.suspended_at;
}

std::string_view action(Measure measure, bool wanted) {
  if (measure == Measure::lock) return wanted ? "user lock" : "user unlock";
  return wanted ? "user suspend" : "user unsuspend";
}

}  // namespace

std::optional<ModerationRefused> refuse_measure(const sessions::Identity& who,
                                                const Account& target) {
  if (who.user == target.id) return Refused::own_account;
  if (target.admin) return Refused::other_administrator;
  return std::nullopt;
}

std::optional<ModerationRefused> Moderation::refuse(const sessions::Identity& who) {
  if (!who.admin) return Refused::not_administrator;
  if (who.suspended) return Refused::suspended;
  return std::nullopt;
}

Moderation::Result<std::string> Moderation::asked_for(const sessions::Identity& who,
                                                      std::string_view user_id) const {
  if (const auto refused = refuse(who)) return std::unexpected(*refused);
  auto localpart =
      user_id.starts_with('@') ? accounts::localpart_meant(user_id, server_name_) : std::nullopt;
  if (!localpart) return std::unexpected(Refused::not_local);
  return std::move(*localpart);
}

Task<Moderation::Result<bool>> Moderation::read(const sessions::Identity& who, std::string user_id,
                                                Measure measure) {
  const auto localpart = asked_for(who, user_id);
  if (!localpart) co_return std::unexpected(localpart.error());
  auto user =
      co_await ground_.db.read([&](db::Tx& tx) { return accounts::find_user(tx, *localpart); });
  if (!user || user->account.deactivated_at) co_return std::unexpected(Refused::not_found);
  co_return since(user->account, measure).has_value();
}

Task<Moderation::Result<bool>> Moderation::write(const sessions::Identity& who, std::string address,
                                                 std::string user_id, Measure measure,
                                                 bool wanted) {
  const auto localpart = asked_for(who, user_id);
  if (!localpart) co_return std::unexpected(localpart.error());
  const Operator by{accounts::matrix_id(who.localpart, server_name_), std::move(address)};
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<bool> {
    const auto user = accounts::find_user(tx, *localpart);
    auto account = user ? sessions::lock_account(tx, user->account.id) : std::nullopt;
    if (!account || account->deactivated_at) return std::unexpected(Refused::not_found);
    if (const auto refused = refuse_measure(who, *account)) return std::unexpected(*refused);
    const Account before = *account;
    auto& at = since(*account, measure);
    if (at.has_value() == wanted) return wanted;
    at = wanted ? std::optional(ground_.clock.now()) : std::nullopt;
    accounts::change_state(tx, ground_.events, before, *account);
    administration_.note(tx, by, action(measure, wanted),
                         accounts::matrix_id(account->localpart, server_name_));
    return wanted;
  });
}

}  // namespace latchkey::administration
