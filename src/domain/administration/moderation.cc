#include "domain/administration/moderation.h"

#include "domain/accounts/matrix_id.h"
#include "domain/self/proof.h"

namespace latchkey::administration {
namespace {

using Refused = ModerationRefused;
using sessions::Account;

// With the client through which an administrator acts, where it is one that they have let in.
std::string name_of(const sessions::Identity& who, std::string_view server_name) {
  std::string name = accounts::matrix_id(who.localpart, server_name);
  if (who.grant) name.append(" (client ").append(who.grant->client).append(")");
  return name;
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

std::optional<ModerationRefused> Moderation::refuse(const sessions::Identity& who,
                                                    std::string_view user_id) const {
  if (const auto refused = refuse(who)) return refused;
  const bool local =
      user_id.starts_with('@') && accounts::exact_localpart(user_id, server_name_).has_value();
  return local ? std::nullopt : std::optional(Refused::not_local);
}

Task<Moderation::Result<Account>> Moderation::look_up(const sessions::Identity& who,
                                                      std::string user_id) {
  const bool own = user_id == accounts::matrix_id(who.localpart, server_name_);
  if (const auto refused = own ? std::nullopt : refuse(who, user_id)) {
    co_return std::unexpected(*refused);
  }
  auto user = co_await ground_.db.read(
      [&](db::Tx& tx) { return accounts::find_user_named(tx, user_id, server_name_); });
  if (!user || user->account.deactivated_at) co_return std::unexpected(Refused::not_found);
  co_return std::move(user->account);
}

Task<Moderation::Result<bool>> Moderation::read(const sessions::Identity& who, std::string user_id,
                                                Measure measure) {
  if (const auto refused = refuse(who)) co_return std::unexpected(*refused);
  const auto account = co_await look_up(who, std::move(user_id));
  if (!account) co_return std::unexpected(account.error());
  co_return holds(*account, measure);
}

Task<Moderation::Result<bool>> Moderation::write(const sessions::Identity& who, std::string address,
                                                 std::string user_id, Measure measure,
                                                 bool wanted) {
  if (const auto refused = refuse(who, user_id)) co_return std::unexpected(*refused);
  const Operator by{name_of(who, server_name_), std::move(address)};
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<bool> {
    const auto user = accounts::find_user_named(tx, user_id, server_name_);
    if (!user) return std::unexpected(Refused::not_found);
    auto whose = self::Admission::admit(tx, self::OperatorProof{.user = user->account.id});
    if (!whose) return std::unexpected(Refused::not_found);  // it is deactivated
    if (const auto refused = refuse_measure(who, whose->account)) return std::unexpected(*refused);
    administration_.set(tx, by, *whose, measure, wanted);
    return wanted;
  });
}

}  // namespace latchkey::administration
