#include "domain/signin/password_check.h"

#include <algorithm>
#include <utility>

#include "domain/limits/address_group.h"
#include "domain/sessions/session_rows.h"

namespace latchkey::signin {
namespace {

using accounts::Passwords;
using Why = LoginRefused::Why;

// More than a person has devices.
constexpr std::int64_t kAddressesLookedAt = 200;

}  // namespace

Task<PasswordCheck::Allowed> PasswordCheck::begin(limits::Attempt attempt) {
  auto allowed = limits_.sign_in(attempt, ground_.clock.now());
  if (!allowed && allowed.error().unless_familiar && co_await is_familiar(attempt)) {
    attempt.familiar = true;
    co_return limits_.sign_in(attempt, ground_.clock.now());
  }
  co_return allowed;
}

// One statement whether there is such a user or not: the time it takes tells little.
Task<bool> PasswordCheck::is_familiar(const limits::Attempt& attempt) {
  const auto addresses = co_await ground_.db.read([&](db::Tx& tx) {
    return sessions::addresses_of_user(tx, attempt.account, kAddressesLookedAt);
  });
  const std::string here = limits::limit_key(attempt.address);
  co_return std::ranges::any_of(addresses, [&here](const std::string& address) {
    return limits::limit_key(address) == here;
  });
}

Task<std::expected<CheckedUser, LoginRefused>> PasswordCheck::check(const Identifier& who,
                                                                    std::string password,
                                                                    const std::string& address) {
  // Before anything is looked up, so that it tells nothing of who has which address.
  const bool by_address =
      std::holds_alternative<ThirdParty>(who) || std::holds_alternative<Phone>(who);
  if (by_address && !passwords_.by_address()) {
    co_return std::unexpected(LoginRefused{Why::no_addresses});
  }
  const Meant meant = meaning_of(who, server_name_);
  // Also for a name that cannot exist: an answer without the lookup would be a little faster.
  const auto user = co_await ground_.db.read([&](db::Tx& tx) { return find_user(tx, meant); });
  // An account has one limit, whatever it is called by.
  const std::string& name = user ? user->account.localpart : meant.name;
  auto attempt = co_await begin({.address = address, .account = name});
  if (!attempt) {
    co_return std::unexpected(LoginRefused{Why::too_many_failures, attempt.error().wait});
  }
  const auto match =
      co_await passwords_.verify(user ? user->password_hash : std::nullopt, std::move(password));
  if (!match) co_return std::unexpected(LoginRefused{Why::busy, accounts::kBusyFor});
  if (!user || *match == Passwords::Match::no) {
    attempt->failed();
    co_return std::unexpected(LoginRefused{Why::wrong_credentials});
  }
  attempt->succeeded();
  co_return CheckedUser{user->account, *user->password_hash,
                        *match == Passwords::Match::yes_but_rehash};
}

Task<bool> PasswordCheck::is_meant(const Identifier& who, UserId user) {
  const Meant meant = meaning_of(who, server_name_);
  const auto found = co_await ground_.db.read([&](db::Tx& tx) { return find_user(tx, meant); });
  co_return found && found->account.id == user;
}

Task<std::optional<std::string>> PasswordCheck::renew(const CheckedUser& user,
                                                      std::string password) {
  if (!user.outdated) co_return std::nullopt;
  co_return co_await passwords_.hash(std::move(password));
}

std::optional<accounts::Account> PasswordCheck::lock_if_unchanged(db::Tx& tx,
                                                                  const CheckedUser& user) {
  auto now = accounts::lock_user(tx, user.account.id);
  if (!now || now->password_hash != user.hash) return std::nullopt;
  return std::move(now->account);
}

}  // namespace latchkey::signin
