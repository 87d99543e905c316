#include "domain/signin/register_account.h"

#include <chrono>
#include <utility>

#include "domain/accounts/matrix_id.h"
#include "domain/accounts/user_rows.h"
#include "platform/crypto/random.h"

namespace latchkey::signin {
namespace {

using Why = RegistrationRefused::Why;

constexpr Duration kBusyFor = std::chrono::seconds{2};
constexpr std::size_t kMadeUpNameLength = 10;

std::string made_up_name() { return crypto::random_text(crypto::kLowerCase, kMadeUpNameLength); }

}  // namespace

Task<std::optional<RegistrationRefused>> Registration::refuse(
    const std::optional<std::string>& username) {
  sessions_.require_hearing();
  if (!options_.open) co_return RegistrationRefused{Why::closed, {}};
  if (!username) co_return std::nullopt;
  if (!accounts::valid_localpart(*username, server_name_)) {
    co_return RegistrationRefused{Why::invalid_username, {}};
  }
  const bool taken = co_await sessions_.database().read(
      [&](db::Tx& tx) { return accounts::name_taken(tx, *username); });
  if (taken) co_return RegistrationRefused{Why::username_taken, {}};
  co_return std::nullopt;
}

Task<std::expected<Registered, RegistrationRefused>> Registration::create(std::size_t worker,
                                                                          NewAccount wanted) {
  using Refused = RegistrationRefused;
  if (auto refusal = co_await refuse(wanted.username)) co_return std::unexpected(*refusal);
  if (auto refusal =
          co_await passwords_.refuse_new(wanted.password, wanted.username.value_or(""))) {
    if (refusal->why == accounts::NewPasswordRefused::Why::busy) {
      co_return std::unexpected(Refused{Why::busy, {}, kBusyFor});
    }
    co_return std::unexpected(Refused{Why::weak_password, std::move(refusal->sentence)});
  }
  const Time now = sessions_.clock().now();
  if (auto wait = limits_.registration_blocked(wanted.session.origin.address, now)) {
    co_return std::unexpected(Refused{Why::too_many, {}, *wait});
  }
  const auto hash = co_await passwords_.hash(std::move(wanted.password));
  if (!hash) co_return std::unexpected(Refused{Why::busy, {}, kBusyFor});

  struct Made {
    accounts::Account account;
    std::optional<sessions::Session> session;
  };
  // Account and first session in one transaction: a client never sees the one without the other.
  const auto made = co_await sessions_.database().write([&](db::Tx& tx) -> std::optional<Made> {
    Made result;
    accounts::Account& account = result.account;
    do {
      account.localpart = wanted.username.value_or(made_up_name());
      if (wanted.username && accounts::name_taken(tx, account.localpart)) return std::nullopt;
      account.id = sessions_.ids().next(sessions_.clock().now());
    } while (!accounts::insert_user(tx, account.id, account.localpart, hash, false, now));
    if (wanted.inhibit_login) return result;
    auto session = sessions_.start(tx, account, wanted.session);
    result.session = std::move(session.value());  // a new account is refused nothing
    return result;
  });
  if (!made) co_return std::unexpected(Refused{Why::username_taken, {}});

  Registered registered{made->account.localpart, std::nullopt};
  if (made->session) {
    registered.signed_in = SignedIn{made->account.localpart, made->session->record.device_id,
                                    sessions_.tokens_of(worker, made->session->record)};
  }
  co_return registered;
}

}  // namespace latchkey::signin
