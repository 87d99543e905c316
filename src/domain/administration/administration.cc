#include "domain/administration/administration.h"

#include <fmt/format.h>

#include "domain/accounts/account_changes.h"
#include "domain/accounts/deactivate_account.h"
#include "domain/accounts/matrix_id.h"

namespace latchkey::administration {

using accounts::Threepid;
using accounts::User;
using sessions::Account;

namespace {

AdminRefused::Why not_one(std::string_view medium) {
  using enum AdminRefused::Why;
  if (medium == "email") return not_an_email_address;
  return medium == "msisdn" ? not_a_phone_number : not_a_medium;
}

std::string described(const Threepid& threepid) {
  return fmt::format("{} {}", threepid.medium, threepid.address);
}

}  // namespace

std::unexpected<AdminRefused> Administration::refuse(Why why, std::string_view subject,
                                                     std::string_view name) {
  return std::unexpected(
      AdminRefused{.why = why, .subject = std::string(subject), .name = std::string(name)});
}

std::optional<User> Administration::find(db::Tx& tx, std::string_view name) {
  const auto localpart = accounts::localpart_meant(name, server_name_);
  return localpart ? accounts::find_user(tx, *localpart) : std::nullopt;
}

std::optional<User> Administration::find_locked(db::Tx& tx, std::string_view name) {
  const auto user = find(tx, name);
  if (!user) return std::nullopt;
  return accounts::lock_user(tx, user->account.id);
}

std::string Administration::target(const Account& account) const {
  return accounts::matrix_id(account.localpart, server_name_);
}

// --- the audit ---

void Administration::note(db::Tx& tx, const Operator& by, std::string_view action,
                          std::string_view target, std::string_view detail) {
  accounts::audit::note(tx, ground_.ids, ground_.clock.now(), by, action, target, detail);
  // Without the detail: it may be a person's address.
  tx.after_commit([log = log_, by, action = std::string(action), target = std::string(target)] {
    log.info("administration",
             {{"action", action}, {"target", target}, {"by", by.name}, {"address", by.address}});
  });
}

Task<void> Administration::record(Operator by, std::string action, std::string target,
                                  std::string detail) {
  co_await ground_.db.write([&](db::Tx& tx) { note(tx, by, action, target, detail); });
}

Task<Administration::Result<std::vector<accounts::audit::Entry>>> Administration::list_audit(
    std::optional<std::string> name, std::int64_t limit) {
  using List = std::vector<accounts::audit::Entry>;
  co_return co_await ground_.db.read([&](db::Tx& tx) -> Result<List> {
    if (!name) return accounts::audit::list(tx, std::nullopt, limit);
    const auto user = find(tx, *name);
    if (!user) return refuse(Why::no_such_user, *name);
    return accounts::audit::list(tx, target(user->account), limit);
  });
}

// --- accounts ---

Task<Administration::Result<std::string>> Administration::hash_new(std::string password,
                                                                   std::string localpart) {
  if (const auto refused = co_await passwords_.refuse_new(password, std::move(localpart))) {
    switch (refused->why) {
      case accounts::NewPasswordRefused::Why::busy:
        co_return refuse(Why::busy);
      case accounts::NewPasswordRefused::Why::weak:
        co_return std::unexpected(AdminRefused{.why = Why::weak_password, .weak = refused->weak});
    }
  }
  auto hash = co_await passwords_.hash(std::move(password));
  if (!hash) co_return refuse(Why::busy);
  co_return std::move(*hash);
}

Task<Administration::Result<std::string>> Administration::create_user(
    Operator by, std::string name, std::optional<std::string> password, bool admin) {
  if (!accounts::valid_localpart(name, server_name_)) co_return refuse(Why::not_a_name, name);
  std::optional<std::string> hash;
  if (password) {
    auto made = co_await hash_new(std::move(*password), name);
    if (!made) co_return std::unexpected(std::move(made.error()));
    hash = std::move(*made);
  }
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<std::string> {
    const Time now = ground_.clock.now();
    const auto user_id = ground_.ids.next<UserId>(now);
    if (accounts::name_taken(tx, name) ||
        !accounts::insert_user(tx, user_id, name, hash, admin, now)) {
      return refuse(Why::name_taken, name);
    }
    ground_.events.tell(tx, events::AccountCreated{user_id, std::string(name)});
    std::string id = accounts::matrix_id(name, server_name_);
    note(tx, by, "user create", id, admin ? "administrator" : "");
    return id;
  });
}

Task<Administration::Result<>> Administration::set_password(Operator by, std::string name,
                                                            std::string password) {
  const auto hash = co_await hash_new(std::move(password),
                                      accounts::localpart_meant(name, server_name_).value_or(""));
  if (!hash) co_return std::unexpected(hash.error());
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<> {
    const auto user = find_locked(tx, name);
    if (!user) return refuse(Why::no_such_user, name);
    if (user->account.deactivated_at) return refuse(Why::deactivated);
    accounts::replace_password(tx, ground_.events, user->account.id, *hash,
                               events::PasswordChange::by_administrator);
    note(tx, by, "user set-password", target(user->account));
    return {};
  });
}

Task<Administration::Result<accounts::NewRecoveryLink>> Administration::recovery_link(
    Operator by, std::string name, Duration lifetime) {
  if (!passwords_.enabled()) co_return refuse(Why::no_passwords);
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<accounts::NewRecoveryLink> {
    const auto user = find_locked(tx, name);
    if (!user) return refuse(Why::no_such_user, name);
    if (user->account.deactivated_at) return refuse(Why::deactivated);
    if (user->account.locked_at) return refuse(Why::locked);
    auto link = accounts::make_recovery_link(tx, user->account.id, lifetime, ground_.clock.now());
    note(tx, by, "user recovery-link", target(user->account));
    return link;
  });
}

// `change` gets the transaction, the account and now, and returns why it refuses, or nothing.
template <class Change>
Task<Administration::Result<>> Administration::change_account(Operator by, std::string_view action,
                                                              std::string name, Change change,
                                                              std::string_view detail) {
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<> {
    const auto user = find_locked(tx, name);
    if (!user) return refuse(Why::no_such_user, name);
    Account account = user->account;
    const std::optional<Why> refused = change(tx, account, ground_.clock.now());
    if (refused) return refuse(*refused);
    if (account == user->account) return {};
    accounts::change_state(tx, ground_.events, user->account, account);
    note(tx, by, action, target(account), detail);
    return {};
  });
}

Task<Administration::Result<>> Administration::lock(Operator by, std::string name) {
  const auto change = [](db::Tx&, Account& account, Time now) -> std::optional<Why> {
    if (!account.locked_at) account.locked_at = now;
    return std::nullopt;
  };
  return change_account(std::move(by), "user lock", std::move(name), change);
}

Task<Administration::Result<>> Administration::unlock(Operator by, std::string name) {
  const auto change = [](db::Tx&, Account& account, Time) -> std::optional<Why> {
    account.locked_at.reset();
    return std::nullopt;
  };
  return change_account(std::move(by), "user unlock", std::move(name), change);
}

Task<Administration::Result<>> Administration::suspend(Operator by, std::string name) {
  const auto change = [](db::Tx&, Account& account, Time now) -> std::optional<Why> {
    if (!account.suspended_at) account.suspended_at = now;
    return std::nullopt;
  };
  return change_account(std::move(by), "user suspend", std::move(name), change);
}

Task<Administration::Result<>> Administration::unsuspend(Operator by, std::string name) {
  const auto change = [](db::Tx&, Account& account, Time) -> std::optional<Why> {
    account.suspended_at.reset();
    return std::nullopt;
  };
  return change_account(std::move(by), "user unsuspend", std::move(name), change);
}

Task<Administration::Result<>> Administration::deactivate(Operator by, std::string name,
                                                          bool erase) {
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<> {
    const auto user = find_locked(tx, name);
    if (!user) return refuse(Why::no_such_user, name);
    Account account = user->account;
    if (account.deactivated_at && !erase) return refuse(Why::already_deactivated);
    if (user->erased_at) return refuse(Why::already_erased);
    accounts::deactivate_account(tx, ground_, sessions_, account, erase);
    note(tx, by, "user deactivate", target(account), erase ? "erased" : "");
    return {};
  });
}

Task<Administration::Result<>> Administration::reactivate(Operator by, std::string name) {
  const auto change = [&events = ground_.events](db::Tx& tx, Account& account,
                                                 Time) -> std::optional<Why> {
    if (!account.deactivated_at) return Why::not_deactivated;
    account.deactivated_at.reset();
    accounts::update_erased(tx, account.id, std::nullopt);
    accounts::replace_password(tx, events, account.id, std::nullopt,
                               events::PasswordChange::taken_away);
    return std::nullopt;
  };
  return change_account(std::move(by), "user reactivate", std::move(name), change);
}

Task<Administration::Result<>> Administration::set_admin(Operator by, std::string name,
                                                         bool admin) {
  const auto change = [admin](db::Tx&, Account& account, Time) -> std::optional<Why> {
    account.admin = admin;
    return std::nullopt;
  };
  return change_account(std::move(by), "user admin", std::move(name), change, admin ? "on" : "off");
}

// --- addresses and phone numbers ---

Task<Administration::Result<Threepid>> Administration::add_threepid(Operator by, std::string name,
                                                                    std::string medium,
                                                                    std::string address) {
  const auto threepid = accounts::canonical_threepid(medium, address);
  if (!threepid) {
    const Why why = not_one(medium);
    co_return refuse(why, why == Why::not_a_medium ? medium : address);
  }
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<Threepid> {
    const auto user = find_locked(tx, name);
    if (!user) return refuse(Why::no_such_user, name);
    if (user->account.deactivated_at) return refuse(Why::deactivated);
    if (!accounts::insert_threepid(tx, user->account.id, *threepid, ground_.clock.now())) {
      return refuse(Why::address_taken, threepid->address);
    }
    note(tx, by, "user add-threepid", target(user->account), described(*threepid));
    return *threepid;
  });
}

Task<Administration::Result<Threepid>> Administration::remove_threepid(Operator by,
                                                                       std::string name,
                                                                       std::string medium,
                                                                       std::string address) {
  const auto threepid = accounts::canonical_threepid(medium, address);
  if (!threepid) {
    const Why why = not_one(medium);
    co_return refuse(why, why == Why::not_a_medium ? medium : address);
  }
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<Threepid> {
    const auto user = find_locked(tx, name);
    if (!user) return refuse(Why::no_such_user, name);
    if (!accounts::delete_threepid(tx, user->account.id, *threepid)) {
      return refuse(Why::not_theirs, threepid->address, name);
    }
    note(tx, by, "user remove-threepid", target(user->account), described(*threepid));
    return *threepid;
  });
}

Task<Administration::Result<std::vector<accounts::ListedThreepid>>> Administration::list_threepids(
    std::string name) {
  using List = std::vector<accounts::ListedThreepid>;
  co_return co_await ground_.db.read([&](db::Tx& tx) -> Result<List> {
    const auto user = find(tx, name);
    if (!user) return refuse(Why::no_such_user, name);
    return accounts::list_threepids(tx, user->account.id);
  });
}

}  // namespace latchkey::administration
