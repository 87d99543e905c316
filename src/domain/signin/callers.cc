#include "domain/signin/callers.h"

#include "domain/accounts/matrix_id.h"
#include "domain/accounts/user_rows.h"
#include "domain/sessions/devices.h"

namespace latchkey::signin {
namespace {

using Why = CallerRefused::Why;

std::unexpected<CallerRefused> refuse(Why why) { return std::unexpected(CallerRefused{why, {}}); }

// Whom the service asserts to be. To the letter: the homeserver behind must take the same request
// for the same user's.
std::optional<std::string> asserted_localpart(const services::Service& service,
                                              const std::optional<std::string>& user_id,
                                              std::string_view server_name) {
  if (!user_id) return service.sender_localpart;
  if (!user_id->starts_with('@')) return std::nullopt;
  return accounts::exact_localpart(*user_id, server_name);
}

}  // namespace

Task<std::expected<Caller, CallerRefused>> Callers::identify(const sessions::Use& use,
                                                             std::string_view token,
                                                             const Asserted& asserted) {
  if (const services::Service* service = service_of(token, use.address)) {
    co_return co_await assert_identity(*service, asserted);
  }
  auto verdict = co_await sessions_.check(use, token);
  if (!verdict.standing.active()) {
    co_return std::unexpected(CallerRefused{Why::token, verdict.standing});
  }
  co_return Caller{std::move(verdict.identity), nullptr};
}

// Without a user it is the service's own; an administrator's rights are never asserted.
Task<std::expected<Caller, CallerRefused>> Callers::assert_identity(
    const services::Service& service, const Asserted& asserted) {
  co_await sessions_.require_in_touch();
  const auto localpart = asserted_localpart(service, asserted.user_id, server_name_);
  if (!localpart || !service.claims(*localpart)) co_return refuse(Why::outside_namespace);

  struct Found {
    std::optional<accounts::User> user;
    bool device = true;
  };
  const Found found = co_await ground_.db.read([&](db::Tx& tx) {
    Found result{.user = accounts::find_user(tx, *localpart)};
    if (result.user && asserted.device_id) {
      const auto device = sessions::find_device(tx, result.user->account.id, *asserted.device_id);
      result.device = device.has_value();
    }
    return result;
  });
  if (!found.user) co_return refuse(Why::not_registered);
  const accounts::Account& account = found.user->account;
  if (const auto standing = sessions::judge_account(account)) {
    // The service's token is good: only its user is not.
    if (standing->worth == sessions::Worth::ended) co_return refuse(Why::deactivated);
    co_return std::unexpected(CallerRefused{Why::token, *standing});
  }
  if (!found.device) co_return refuse(Why::unknown_device);
  sessions::Identity identity = sessions::identity_of(account);
  identity.admin = false;
  identity.device_id = asserted.device_id.value_or("");
  co_return Caller{std::move(identity), &service};
}

}  // namespace latchkey::signin
