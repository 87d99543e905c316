#include "domain/registration/registration.h"

#include <algorithm>
#include <utility>

#include "domain/accounts/matrix_id.h"
#include "domain/accounts/registration_tokens.h"
#include "domain/accounts/user_rows.h"
#include "domain/sessions/device_id.h"
#include "platform/crypto/random.h"
#include "platform/text/utf8.h"

namespace latchkey::registration {
namespace {

using Refused = RegistrationRefused;
using Why = RegistrationRefused::Why;

constexpr std::size_t kMadeUpNameLength = 10;
// Until nearly every name must be some service's own.
constexpr int kMadeUpNameTries = 20;

// Whether services keep people from having that name, which is in lower case: it must not be taken
// for a service's own user either, whose name may have capitals.
bool closed_to_people(const services::Services& services, const std::string& name) {
  return services.exclusive_owner(name) != nullptr ||
         std::ranges::any_of(services.all(), [&](const services::Service& service) {
           return accounts::new_localpart_meant(service.sender_localpart) == name;
         });
}

}  // namespace

std::vector<confirm::AuthFlow> registration_flows(const RegistrationOptions& options,
                                                  const accounts::Terms& terms) {
  confirm::AuthFlow flow;
  if (options.token_required) flow.push_back(confirm::Stage::registration_token);
  if (!terms.empty()) flow.push_back(confirm::Stage::terms);
  if (flow.empty()) flow.push_back(confirm::Stage::dummy);
  return {flow};
}

Task<bool> Registration::taken(const std::string& username) {
  co_return co_await parts_.ground.db.read(
      [&](db::Tx& tx) { return accounts::name_taken(tx, username); });
}

Task<std::optional<RegistrationRefused>> Registration::refused_there(const std::string& localpart) {
  if (parts_.homeserver == nullptr) co_return std::nullopt;
  switch (co_await parts_.homeserver->state_of_name(localpart)) {
    case homeserver::NameState::taken:
      co_return Refused{Why::username_taken};
    case homeserver::NameState::invalid:
      co_return Refused{Why::invalid_username};
    case homeserver::NameState::exclusive:
      co_return Refused{Why::exclusive};
    case homeserver::NameState::free:
      break;
  }
  co_return std::nullopt;
}

Task<std::optional<RegistrationRefused>> Registration::refuse(
    const std::optional<std::string>& username) {
  co_await parts_.sessions.require_in_touch();
  if (!open()) co_return Refused{Why::closed};
  if (!username) co_return std::nullopt;
  co_return co_await refuse_name(accounts::new_localpart_meant(*username));
}

Task<std::optional<RegistrationRefused>> Registration::refuse_name(const std::string& localpart) {
  if (!accounts::valid_localpart(localpart, parts_.server_name)) {
    co_return Refused{Why::invalid_username};
  }
  if (closed_to_people(parts_.services, localpart)) co_return Refused{Why::exclusive};
  if (reserved(localpart, parts_.options.reserved_names)) {
    co_return Refused{Why::reserved};
  }
  if (co_await taken(localpart)) co_return Refused{Why::username_taken};
  co_return co_await refused_there(localpart);
}

Task<std::optional<RegistrationRefused>> Registration::refuse(const NewAccount& wanted) {
  if (auto refusal = co_await refuse(wanted.username)) co_return refusal;
  const auto weak = wanted.password ? parts_.passwords.refuse_form(*wanted.password) : std::nullopt;
  if (!weak) co_return std::nullopt;
  co_return Refused{.why = Why::weak_password, .weak = weak};
}

Task<std::optional<RegistrationRefused>> Registration::refuse_password(std::string password,
                                                                       std::string localpart,
                                                                       std::string address) {
  if (const auto weak = parts_.passwords.refuse_form(password)) {
    co_return Refused{.why = Why::weak_password, .weak = weak};
  }
  if (auto wait = parts_.limits.registration_blocked(address, parts_.ground.clock.now())) {
    co_return Refused{.why = Why::too_many, .retry_after = *wait};
  }
  const auto refused =
      co_await parts_.passwords.refuse_new(std::move(password), std::move(localpart));
  if (!refused) co_return std::nullopt;
  if (refused->why == accounts::NewPasswordRefused::Why::busy) {
    co_return Refused{.why = Why::busy, .retry_after = accounts::kBusyFor};
  }
  co_return Refused{.why = Why::weak_password, .weak = refused->weak};
}

Task<std::expected<bool, RegistrationRefused>> Registration::token_valid(std::string token,
                                                                         std::string address) {
  co_await parts_.sessions.require_in_touch();
  if (!open()) co_return std::unexpected(Refused{Why::closed});
  const Time now = parts_.ground.clock.now();
  if (const auto wait = parts_.limits.registration_token_blocked(address, now)) {
    co_return std::unexpected(Refused{.why = Why::too_many, .retry_after = *wait});
  }
  co_return co_await parts_.ground.db.read(
      [&](db::Tx& tx) { return accounts::find_usable(tx, text::trimmed(token), now).has_value(); });
}

std::optional<std::string> Registration::made_up_name() const {
  for (int tries = 0; tries < kMadeUpNameTries; ++tries) {
    std::string name = crypto::random_text(crypto::kLowerCase, kMadeUpNameLength);
    if (!closed_to_people(parts_.services, name)) return name;
  }
  return std::nullopt;
}

std::optional<accounts::Account> Registration::add_user(db::Tx& tx, const NewAccount& wanted,
                                                        const std::optional<std::string>& hash) {
  const Time now = parts_.ground.clock.now();
  accounts::Account account;
  account.localpart = wanted.username.value();
  do {
    if (accounts::name_taken(tx, account.localpart)) return std::nullopt;
    account.id = parts_.ground.ids.next<UserId>(now);
  } while (!accounts::insert_user(tx, account.id, account.localpart, hash, false, now));
  return account;
}

// In the transaction of the account: a client never sees the one without the other.
Registration::Made Registration::sign_in(db::Tx& tx, accounts::Account account,
                                         const NewAccount& wanted) {
  parts_.ground.events.tell(tx, events::AccountCreated{account.id, account.localpart});
  Made made{.account = std::move(account), .session = {}};
  // A new account is refused nothing.
  if (!wanted.inhibit_login) {
    sessions::NewSession first = wanted.session;
    first.method = sessions::Method::registration;
    first.new_device = true;  // a new account has none
    made.session = parts_.sessions.start(tx, made.account, first).value();
  }
  return made;
}

Registered Registration::registered(std::size_t worker, const Made& made) {
  Registered registered{made.account.localpart, std::nullopt};
  if (made.session) {
    registered.signed_in =
        signin::SignedIn{made.account.localpart, made.session->record.device_id,
                         parts_.sessions.tokens_of(worker, made.session->record)};
  }
  return registered;
}

Task<std::expected<Registered, RegistrationRefused>> Registration::create(
    std::size_t worker, NewAccount wanted, confirm::AuthPassed passed) {
  if (auto refusal = co_await refuse(wanted)) co_return std::unexpected(*refusal);
  wanted.username =
      wanted.username ? accounts::new_localpart_meant(*wanted.username) : made_up_name();
  if (!wanted.username) co_return std::unexpected(Refused{Why::exclusive});
  const Time now = parts_.ground.clock.now();
  if (auto wait = parts_.limits.registration_blocked(wanted.session.origin.address, now)) {
    co_return std::unexpected(Refused{.why = Why::too_many, .retry_after = *wait});
  }
  // Estimating takes its time, so it stands behind the limit.
  if (auto refusal = co_await parts_.passwords.refuse_new(*wanted.password, *wanted.username)) {
    if (refusal->why == accounts::NewPasswordRefused::Why::busy) {
      co_return std::unexpected(Refused{.why = Why::busy, .retry_after = accounts::kBusyFor});
    }
    // The next password may come in this session or in a new one, perhaps with the last use of the
    // same invitation.
    co_await parts_.auth.start_over(passed);
    co_return std::unexpected(Refused{.why = Why::weak_password, .weak = refusal->weak});
  }
  const auto hash = co_await parts_.passwords.hash(*wanted.password);
  if (!hash)
    co_return std::unexpected(Refused{.why = Why::busy, .retry_after = accounts::kBusyFor});

  if (!wanted.session.device_id) wanted.session.device_id = sessions::new_device_id();
  const auto made = co_await parts_.ground.db.write([&](db::Tx& tx) -> MadeOrRefused {
    const auto account = add_user(tx, wanted, hash);
    if (!account) return std::unexpected(Refused{Why::username_taken});
    // After the name is sure: one that was taken meanwhile must not cost an invitation.
    if (!parts_.auth.redeem(tx, std::nullopt, passed)) {
      accounts::delete_new_user(tx, account->id);
      return std::unexpected(Refused{Why::auth_used_up});
    }
    if (passed.terms) parts_.terms.note_acceptance(tx, account->id, now);
    return sign_in(tx, *account, wanted);
  });
  if (!made) co_return std::unexpected(made.error());
  parts_.ground.log.info("account registered", {{"address", wanted.session.origin.address},
                                                {"user", made->account.localpart}});
  parts_.ground.metrics
      .counter("latchkey_registrations_total", "Accounts that people have created.")
      .add(worker);
  co_return registered(worker, *made);
}

Task<std::optional<RegistrationRefused>> Registration::refuse_known(const Known& wanted) {
  co_await parts_.sessions.require_in_touch();
  const std::string localpart = accounts::new_localpart_meant(wanted.localpart);
  if (auto refusal = co_await refuse_name(localpart)) co_return refusal;
  if (!wanted.terms && !parts_.terms.empty()) co_return Refused{Why::terms_needed};
  co_return std::nullopt;
}

Task<std::expected<accounts::Account, RegistrationRefused>> Registration::create_known(
    Known wanted, std::function<bool(db::Tx&, const accounts::Account&)> claim,
    std::function<void(db::Tx&, const accounts::Account&)> enter) {
  if (auto refusal = co_await refuse_known(wanted)) co_return std::unexpected(*refusal);
  const Time now = parts_.ground.clock.now();
  if (auto wait = parts_.limits.registration_blocked(wanted.address, now)) {
    co_return std::unexpected(Refused{.why = Why::too_many, .retry_after = *wait});
  }
  const NewAccount account_wanted{.username = accounts::new_localpart_meant(wanted.localpart),
                                  .password = {},
                                  .inhibit_login = true,
                                  .session = {}};
  using Result = std::expected<accounts::Account, RegistrationRefused>;
  const auto made = co_await parts_.ground.db.write([&](db::Tx& tx) -> Result {
    const auto account = add_user(tx, account_wanted, std::nullopt);
    if (!account) return std::unexpected(Refused{Why::username_taken});
    if (!claim(tx, *account)) {
      accounts::delete_new_user(tx, account->id);
      return std::unexpected(Refused{Why::not_wanted});
    }
    if (!parts_.terms.empty()) parts_.terms.note_acceptance(tx, account->id, now);
    parts_.ground.events.tell(tx, events::AccountCreated{account->id, account->localpart});
    enter(tx, *account);
    return *account;
  });
  if (!made) co_return made;
  parts_.ground.log.info("account registered",
                         {{"address", wanted.address}, {"user", made->localpart}});
  parts_.ground.metrics
      .counter("latchkey_registrations_total", "Accounts that people have created.")
      .add(wanted.worker);
  co_return made;
}

Task<std::expected<Registered, RegistrationRefused>> Registration::create_for(
    std::size_t worker, const services::Service& service, NewAccount wanted) {
  co_await parts_.sessions.require_in_touch();
  if (!wanted.username ||
      !accounts::valid_historical_localpart(*wanted.username, parts_.server_name)) {
    co_return std::unexpected(Refused{Why::invalid_username});
  }
  // Its own namespace may be wider than what others have for themselves: "@.*", not exclusive.
  if (!service.claims(*wanted.username) ||
      parts_.services.exclusive_owner(*wanted.username, &service) != nullptr) {
    co_return std::unexpected(Refused{Why::exclusive});
  }
  // The service goes on at the homeserver at once, whether it signs in here or not. A user who is
  // there already, of its namespace, is its own.
  if (parts_.homeserver != nullptr && !co_await taken(*wanted.username)) {
    co_await parts_.homeserver->make_user(*wanted.username);
  }
  if (!wanted.session.device_id) wanted.session.device_id = sessions::new_device_id();
  const auto made = co_await parts_.ground.db.write([&](db::Tx& tx) -> MadeOrRefused {
    const auto account = add_user(tx, wanted, std::nullopt);
    if (!account) return std::unexpected(Refused{Why::username_taken});
    return sign_in(tx, *account, wanted);
  });
  if (!made) co_return std::unexpected(made.error());
  co_return registered(worker, *made);
}

}  // namespace latchkey::registration
