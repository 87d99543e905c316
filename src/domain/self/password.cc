// Passwords: replaced by a person who has confirmed or knows the one before, or by a recovery link.

#include <stdexcept>
#include <utility>

#include "domain/accounts/account_changes.h"
#include "domain/accounts/password_scheme.h"
#include "domain/accounts/recovery_links.h"
#include "domain/accounts/user_rows.h"
#include "domain/providers/link_rows.h"
#include "domain/self/operations.h"
#include "domain/sessions/session_rows.h"

namespace latchkey::self {
namespace {

using sessions::EndReason;
using Why = Refused::Why;

std::unexpected<Refused> refuse(Why why, Duration retry_after = {}) {
  return std::unexpected(Refused{.why = why, .retry_after = retry_after});
}

std::unexpected<Refused> refuse(const accounts::NewPasswordRefused& refused) {
  switch (refused.why) {
    case accounts::NewPasswordRefused::Why::weak:
      return std::unexpected(Refused{.why = Why::weak_password, .weak = refused.weak});
    case accounts::NewPasswordRefused::Why::busy:
      break;
  }
  return refuse(Why::busy, accounts::kBusyFor);
}

// Of the account's current password.
std::unexpected<Refused> refuse(const signin::LoginRefused& refused) {
  using Login = signin::LoginRefused::Why;
  switch (refused.why) {
    case Login::wrong_credentials:
      return refuse(Why::wrong_password);
    case Login::too_many_failures:
      return refuse(Why::too_many_failures, refused.retry_after);
    case Login::busy:
      return refuse(Why::busy, refused.retry_after);
    case Login::directory_refuses:  // its person, who is not let in
      return refuse(Why::wrong_password);
    case Login::directory_away:
      return std::unexpected(Refused{.why = Why::directory_away,
                                     .retry_after = refused.retry_after,
                                     .provider = refused.provider});
    // Of the account's state and of other ways to sign in the check of a password knows nothing.
    case Login::token_not_good:
    case Login::account_deactivated:
    case Login::account_locked:
    case Login::too_many_devices:
    case Login::no_addresses:
    case Login::not_offered:
    case Login::outside_namespace:
    case Login::not_registered:
    case Login::first_time:
      break;
  }
  throw std::logic_error("a password was refused for what is no reason of a password");
}

UserId user_of(const Proof& proof) {
  return std::visit([](const auto& shown) { return shown.user; }, proof);
}

}  // namespace

void replace_password(db::Tx& tx, const Ground& ground, sessions::Sessions& sessions,
                      const Admitted& who, const std::string& hash, bool logout_devices) {
  const UserId user = who.account.id;
  accounts::replace_password(tx, ground.events, user, hash, who.password_change, who.browser);
  if (!logout_devices) return;
  constexpr EndReason why = EndReason::password_changed;
  if (who.session) {
    sessions.end(tx, sessions::AllBut{*who.session}, Ended::for_good, why);
  } else if (who.browser) {
    sessions.end(tx, sessions::AllNotHeldAt{user, *who.browser}, Ended::for_good, why);
  } else {
    sessions.end(tx, sessions::AllOf{user}, Ended::for_good, why);
  }
}

Task<Result<std::string>> hash_new(accounts::Passwords& passwords, std::string wanted,
                                   std::string localpart) {
  if (const auto refused = co_await passwords.refuse_new(wanted, std::move(localpart))) {
    co_return refuse(*refused);
  }
  auto hash = co_await passwords.hash(std::move(wanted));
  if (!hash) co_return refuse(Why::busy, accounts::kBusyFor);
  co_return std::move(*hash);
}

Task<std::optional<Refused>> Operations::password_elsewhere(UserId id) {
  std::vector<providers::Link> links;
  const auto user = co_await parts_.ground.db.read([&](db::Tx& tx) {
    links = providers::links_of(tx, id);
    return accounts::find_user_by_id(tx, id);
  });
  if (user && user->password_hash && parts_.passwords.enabled()) co_return std::nullopt;
  for (const providers::Link& link : links) {
    const auto* provider = parts_.checks.providers().find(link.provider);
    if (provider == nullptr || provider->password == nullptr) continue;
    co_return Refused{.why = Why::password_elsewhere,
                      .provider = provider->options.name,
                      .url = provider->options.password_url};
  }
  co_return std::nullopt;
}

Task<Result<>> Operations::change_password(Proof proof, std::string wanted, bool logout_devices) {
  if (const auto elsewhere = co_await password_elsewhere(user_of(proof))) {
    co_return std::unexpected(*elsewhere);
  }
  if (!password_change_offered()) co_return refuse(Why::switched_off);
  const auto hash = co_await parts_.passwords.hash(std::move(wanted), threads::Turn::first);
  if (!hash) co_return refuse(Why::busy, accounts::kBusyFor);
  co_return co_await admitted(proof, Need::fresh, [&](db::Tx& tx, const Admitted& who) {
    replace_password(tx, parts_.ground, parts_.sessions, who, *hash, logout_devices);
    return Result<>();
  });
}

Task<Result<>> Operations::change_password(signin::BrowserSession who, std::string current,
                                           std::string wanted, bool logout_devices) {
  co_await parts_.sessions.require_in_touch();
  if (!parts_.options.password_change) co_return refuse(Why::switched_off);
  if (!parts_.passwords.enabled()) co_return refuse(Why::wrong_password);
  if (const auto elsewhere = co_await password_elsewhere(who.account.id)) {
    co_return std::unexpected(*elsewhere);
  }
  const std::string localpart = who.account.localpart;
  std::optional<std::string> hash;
  // Again when the hash was replaced meanwhile, as PasswordCheck::with_account() does.
  for (int tries = 0; tries < signin::kMostPasswordTries; ++tries) {
    // First: the estimate of the new one is not for who does not know the old one.
    auto checked =
        co_await parts_.checks.check(signin::KnownUser{localpart}, current, who.origin.address);
    if (!checked) co_return refuse(checked.error());
    if (accounts::same_password(current, wanted)) co_return refuse(Why::same_password);
    if (!hash) {
      auto made = co_await hash_new(parts_.passwords, wanted, localpart);
      if (!made) co_return std::unexpected(made.error());
      hash = std::move(*made);
    }
    BrowserProof proof = proof_of(who);
    proof.password = std::move(*checked);
    auto done = co_await admitted(
        Proof(std::move(proof)), Need::fresh, [&](db::Tx& tx, const Admitted& admitted) {
          replace_password(tx, parts_.ground, parts_.sessions, admitted, *hash, logout_devices);
          return Result<>();
        });
    if (done || done.error().why != Why::confirmation_used_up) co_return done;
  }
  throw db::Unavailable("a password was changed again and again while it was checked");
}

Task<Result<>> Operations::check_password(const signin::BrowserSession& who, std::string current) {
  co_await parts_.sessions.require_in_touch();
  if (!parts_.passwords.enabled()) co_return refuse(Why::wrong_password);
  const auto checked = co_await parts_.checks.check(signin::KnownUser{who.account.localpart},
                                                    std::move(current), who.origin.address);
  if (!checked) co_return refuse(checked.error());
  co_return Result<>();
}

Task<std::optional<sessions::Account>> Operations::recovery_account(std::string link) {
  if (!parts_.passwords.enabled()) co_return std::nullopt;
  co_return co_await parts_.ground.db.read([&](db::Tx& tx) -> std::optional<sessions::Account> {
    const auto user = accounts::find_recovery_link(tx, link, parts_.ground.clock.now());
    if (!user) return std::nullopt;
    auto found = accounts::find_user_by_id(tx, *user);
    if (!found || sessions::judge_account(found->account)) return std::nullopt;
    return std::move(found->account);
  });
}

Task<Result<signin::BrowserSignedIn>> Operations::recover(std::string link, std::string wanted,
                                                          bool logout_devices,
                                                          sessions::Origin origin) {
  co_await parts_.sessions.require_in_touch();
  const auto meant = co_await recovery_account(link);
  if (!meant) co_return refuse(Why::link_not_valid);
  const auto hash = co_await hash_new(parts_.passwords, std::move(wanted), meant->localpart);
  if (!hash) co_return std::unexpected(hash.error());
  co_return co_await admitted<signin::BrowserSignedIn>(
      Proof(LinkProof{meant->id, std::move(link)}), Need::fresh,
      [&](db::Tx& tx, const Admitted& who) -> Result<signin::BrowserSignedIn> {
        replace_password(tx, parts_.ground, parts_.sessions, who, *hash,
                         logout_devices);  // uses the link up
        return parts_.browsers.begin(tx, who.account, origin);
      });
}

void Operations::purge(const Batches& batches) {
  batches.run(parts_.ground.db, [now = parts_.ground.clock.now()](db::Tx& tx, std::int64_t limit) {
    return accounts::purge_recovery_links(tx, now, limit);
  });
}

}  // namespace latchkey::self
