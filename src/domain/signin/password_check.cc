#include "domain/signin/password_check.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "domain/limits/address_group.h"
#include "domain/sessions/session_rows.h"
#include "domain/signin/browser_session_rows.h"

namespace latchkey::signin {
namespace {

using accounts::Passwords;
using Why = LoginRefused::Why;

// More than a person has devices.
constexpr std::int64_t kAddressesLookedAt = 200;

void count_failure(const Ground& ground, std::string_view reason) {
  ground.metrics
      .counter("latchkey_sign_ins_failed_total", "Sign-ins and confirmations that failed.",
               {{"reason", std::string(reason)}})
      .add(0);
}

// For operators, and programs that block addresses (docs/operating/accounts.md). The address comes
// before what a stranger has typed: nothing of that can be taken for it. Each line has cost a hash,
// so they are few; who is over a limit has the line of the answer, of which there are few as well.
void note_failure(const Ground& ground, std::string_view address, std::string_view name,
                  std::string_view reason) {
  ground.log.info("sign-in failed", {{"address", address}, {"user", name}, {"reason", reason}});
  count_failure(ground, reason);
}

}  // namespace

// Whether the address is familiar costs a look into the database, so it is asked only when it
// matters: past a limit, or when many wait. Then the account's own people go before strangers, who
// would otherwise close the door to everybody with some guesses at once.
Task<std::expected<PasswordCheck::Begun, limits::SignInBlocked>> PasswordCheck::begin(
    limits::Attempt attempt) {
  auto allowed = limits_.sign_in(attempt, ground_.clock.now());
  const bool only_familiar = !allowed && allowed.error().unless_familiar;
  if (only_familiar || (allowed && passwords_.crowded())) {
    attempt.familiar = co_await is_familiar(attempt);
  }
  if (only_familiar && attempt.familiar) {
    auto again = limits_.sign_in(attempt, ground_.clock.now());
    if (!again) co_return std::unexpected(again.error());
    co_return Begun{std::move(*again), threads::Turn::first};
  }
  if (!allowed) co_return std::unexpected(allowed.error());
  co_return Begun{std::move(*allowed),
                  attempt.familiar ? threads::Turn::first : threads::Turn::usual};
}

// The same statements whether there is such a user or not: the time they take tells little.
Task<bool> PasswordCheck::is_familiar(const limits::Attempt& attempt) {
  const auto addresses = co_await ground_.db.read([&](db::Tx& tx) {
    auto all = sessions::addresses_of_user(tx, attempt.account, kAddressesLookedAt);
    std::ranges::move(addresses_of_browsers(tx, attempt.account, kAddressesLookedAt),
                      std::back_inserter(all));
    return all;
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
  auto begun = co_await begin({.address = address, .account = name});
  if (!begun) {
    count_failure(ground_, "limit");
    co_return std::unexpected(LoginRefused{Why::too_many_failures, begun.error().wait});
  }
  auto& [attempt, turn] = *begun;
  const auto match = co_await passwords_.verify(user ? user->password_hash : std::nullopt,
                                                std::move(password), turn);
  if (!match) co_return std::unexpected(LoginRefused{Why::busy, accounts::kBusyFor});
  if (!user || *match == Passwords::Match::no) {
    attempt.failed();
    note_failure(ground_, address, name, user ? "password" : "user");
    co_return std::unexpected(LoginRefused{Why::wrong_credentials});
  }
  attempt.succeeded();
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
  co_return co_await passwords_.hash(std::move(password), threads::Turn::first);
}

std::optional<accounts::Account> PasswordCheck::lock_if_unchanged(db::Tx& tx,
                                                                  const CheckedUser& user) {
  auto now = accounts::lock_user(tx, user.account.id);
  if (!now || now->password_hash != user.hash) return std::nullopt;
  return std::move(now->account);
}

}  // namespace latchkey::signin
