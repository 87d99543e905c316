#include "domain/signin/password_login.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "domain/accounts/matrix_id.h"
#include "domain/sessions/session_rows.h"
#include "domain/signin/address_group.h"

namespace latchkey::signin {
namespace {

using accounts::Passwords;
using accounts::User;
using sessions::StartRefusal;
using Why = LoginRefused::Why;

// How soon a client may come back when all hashing threads are taken.
constexpr Duration kBusyFor = std::chrono::seconds{2};

// More than a person has devices.
constexpr std::int64_t kAddressesLookedAt = 200;

LoginRefused refusal_of(StartRefusal refusal) {
  switch (refusal) {
    case StartRefusal::account_deactivated:
      return {Why::account_deactivated};
    case StartRefusal::account_locked:
      return {Why::account_locked};
    case StartRefusal::too_many_devices:
      break;
  }
  return {Why::too_many_devices};
}

}  // namespace

Task<PasswordSignin::Allowed> PasswordSignin::begin(Attempt attempt) {
  auto allowed = limits_.sign_in(attempt, sessions_.clock().now());
  if (!allowed && allowed.error().unless_familiar && co_await is_familiar(attempt)) {
    attempt.familiar = true;
    co_return limits_.sign_in(attempt, sessions_.clock().now());
  }
  co_return allowed;
}

// One statement whether there is such a user or not: the time it takes tells little.
Task<bool> PasswordSignin::is_familiar(const Attempt& attempt) {
  const auto addresses = co_await sessions_.database().read([&](db::Tx& tx) {
    return sessions::addresses_of_user(tx, attempt.account, kAddressesLookedAt);
  });
  const std::string here = limit_key(attempt.address);
  co_return std::ranges::any_of(
      addresses, [&here](const std::string& address) { return limit_key(address) == here; });
}

Task<PasswordSignin::Checked> PasswordSignin::check_password(const PasswordLogin& request) {
  const auto localpart = accounts::localpart_meant(request.user, server_name_);
  const std::string account = localpart.value_or("");
  const std::string& address = request.session.origin.address;
  auto attempt = co_await begin({.address = address, .account = account});
  if (!attempt) {
    co_return std::unexpected(LoginRefused{Why::too_many_failures, attempt.error().wait});
  }

  // Also for a name that cannot exist: an answer without the lookup would be a little faster.
  auto user = co_await sessions_.database().read(
      [&](db::Tx& tx) { return accounts::find_user(tx, account); });
  const auto match =
      co_await passwords_.verify(user ? user->password_hash : std::nullopt, request.password);
  if (!match) co_return std::unexpected(LoginRefused{Why::busy, kBusyFor});
  if (!user || *match == Passwords::Match::no) {
    attempt->failed();
    co_return std::unexpected(LoginRefused{Why::wrong_credentials});
  }
  attempt->succeeded();
  if (*match == Passwords::Match::yes_but_rehash) co_await upgrade_hash(*user, request.password);
  co_return std::move(*user);
}

// A hash of other parameters than today's is made anew while the password is at hand.
Task<void> PasswordSignin::upgrade_hash(const User& user, std::string password) {
  const auto hash = co_await passwords_.hash(std::move(password));
  if (!hash) co_return;  // a busy moment: the next login does it
  co_await sessions_.database().write([&](db::Tx& tx) {
    accounts::upgrade_password_hash(tx, user.account.id, *user.password_hash, *hash);
  });
}

Task<std::expected<SignedIn, LoginRefused>> PasswordSignin::login(std::size_t worker,
                                                                  PasswordLogin request) {
  sessions_.require_hearing();
  const auto user = co_await check_password(request);
  if (!user) co_return std::unexpected(user.error());

  const auto session = co_await sessions_.database().write(
      [&](db::Tx& tx) -> std::expected<sessions::Session, StartRefusal> {
        // The state of the account counts as it is now, not as it was before the hashing.
        const auto account = sessions::lock_account(tx, user->account.id);
        if (!account) return std::unexpected(StartRefusal::account_deactivated);
        return sessions_.start(tx, *account, request.session);
      });
  if (!session) co_return std::unexpected(refusal_of(session.error()));
  co_return SignedIn{session->account.localpart, session->record.device_id,
                     sessions_.tokens_of(worker, session->record)};
}

}  // namespace latchkey::signin
