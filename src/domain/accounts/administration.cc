#include "domain/accounts/administration.h"

#include <fmt/format.h>

#include "domain/accounts/account_changes.h"
#include "domain/accounts/deactivate_account.h"
#include "domain/accounts/matrix_id.h"

namespace latchkey::accounts {

using Refusal = std::optional<std::string>;

std::unexpected<std::string> Administration::fail(std::string sentence) {
  return std::unexpected(std::move(sentence));
}

std::unexpected<std::string> Administration::no_such_user(std::string_view name) {
  return fail(fmt::format("there is no user {}", name));
}

std::optional<User> Administration::find(db::Tx& tx, std::string_view name) {
  const auto localpart = localpart_meant(name, server_name_);
  return localpart ? find_user(tx, *localpart) : std::nullopt;
}

std::optional<User> Administration::find_locked(db::Tx& tx, std::string_view name) {
  const auto user = find(tx, name);
  if (!user) return std::nullopt;
  return lock_user(tx, user->account.id);
}

std::string Administration::target(const Account& account) const {
  return matrix_id(account.localpart, server_name_);
}

void Administration::note(db::Tx& tx, const Operator& by, std::string_view action,
                          std::string_view target, std::string_view detail) {
  audit::note(tx, ground_.ids, ground_.clock.now(), by, action, target, detail);
  // Without the detail: it may be a person's address.
  tx.after_commit([log = log_, by, action = std::string(action), target = std::string(target)] {
    log.info("administration",
             {{"action", action}, {"target", target}, {"by", by.name}, {"address", by.address}});
  });
}

void Administration::note_now(const Operator& by, std::string_view action, std::string_view target,
                              std::string_view detail) {
  ground_.db.write_now([&](db::Tx& tx) { note(tx, by, action, target, detail); });
}

Administration::Result<std::vector<audit::Entry>> Administration::list_audit(
    const std::optional<std::string>& name, std::int64_t limit) {
  using List = std::vector<audit::Entry>;
  return ground_.db.read_now([&](db::Tx& tx) -> Result<List> {
    if (!name) return audit::list(tx, std::nullopt, limit);
    const auto user = find(tx, *name);
    if (!user) return no_such_user(*name);
    return audit::list(tx, target(user->account), limit);
  });
}

Administration::Result<std::string> Administration::create_user(
    const Operator& by, std::string_view name, const std::optional<std::string>& password,
    bool admin) {
  if (!valid_localpart(name, server_name_)) {
    return fail(fmt::format("'{}' is not a user name: use a-z, 0-9 and ._=-/+", name));
  }
  std::optional<std::string> hash;
  if (password) {
    if (const auto weak = passwords_.refuse_new_now(*password, name)) return fail(weak->sentence());
    hash = passwords_.hash_now(*password);
  }
  const std::string id = matrix_id(name, server_name_);
  return ground_.db.write_now([&](db::Tx& tx) -> Result<std::string> {
    const Time now = ground_.clock.now();
    const auto user_id = ground_.ids.next<UserId>(now);
    if (name_taken(tx, name) || !insert_user(tx, user_id, name, hash, admin, now)) {
      return fail(fmt::format("the name {} is taken", name));
    }
    ground_.events.tell(tx, events::AccountCreated{user_id, std::string(name)});
    note(tx, by, "user create", id, admin ? "administrator" : "");
    return id;
  });
}

Administration::Result<> Administration::set_password(const Operator& by, std::string_view name,
                                                      std::string_view password) {
  const std::string localpart = localpart_meant(name, server_name_).value_or("");
  if (const auto weak = passwords_.refuse_new_now(password, localpart)) {
    return fail(weak->sentence());
  }
  const std::string hash = passwords_.hash_now(password);
  return ground_.db.write_now([&](db::Tx& tx) -> Result<> {
    const auto user = find_locked(tx, name);
    if (!user) return no_such_user(name);
    if (user->account.deactivated_at) return fail("the account is deactivated");
    replace_password(tx, ground_.events, user->account.id, hash,
                     events::PasswordChange::by_administrator);
    note(tx, by, "user set-password", target(user->account));
    return {};
  });
}

Administration::Result<NewRecoveryLink> Administration::recovery_link(const Operator& by,
                                                                      std::string_view name,
                                                                      Duration lifetime) {
  if (!passwords_.enabled()) return fail("sign-in by password is not enabled");
  return ground_.db.write_now([&](db::Tx& tx) -> Result<NewRecoveryLink> {
    const auto user = find_locked(tx, name);
    if (!user) return no_such_user(name);
    if (user->account.deactivated_at) return fail("the account is deactivated");
    if (user->account.locked_at) return fail("the account is locked");
    auto link = make_recovery_link(tx, user->account.id, lifetime, ground_.clock.now());
    note(tx, by, "user recovery-link", target(user->account));
    return link;
  });
}

// `change` gets the transaction, the account and now, and returns a sentence to refuse.
template <class Change>
Administration::Result<> Administration::change_account(const Operator& by, std::string_view action,
                                                        std::string_view name, Change change,
                                                        std::string_view detail) {
  return ground_.db.write_now([&](db::Tx& tx) -> Result<> {
    const auto user = find_locked(tx, name);
    if (!user) return no_such_user(name);
    Account account = user->account;
    const Refusal refusal = change(tx, account, ground_.clock.now());
    if (refusal) return fail(*refusal);
    if (account == user->account) return {};
    change_state(tx, ground_.events, user->account, account);
    sessions_.account_changed(tx, account.id);
    note(tx, by, action, target(account), detail);
    return {};
  });
}

Administration::Result<> Administration::lock(const Operator& by, std::string_view name) {
  return change_account(by, "user lock", name, [](db::Tx&, Account& account, Time now) -> Refusal {
    if (!account.locked_at) account.locked_at = now;
    return std::nullopt;
  });
}

Administration::Result<> Administration::unlock(const Operator& by, std::string_view name) {
  return change_account(by, "user unlock", name, [](db::Tx&, Account& account, Time) -> Refusal {
    account.locked_at.reset();
    return std::nullopt;
  });
}

Administration::Result<> Administration::suspend(const Operator& by, std::string_view name) {
  return change_account(by, "user suspend", name,
                        [](db::Tx&, Account& account, Time now) -> Refusal {
                          if (!account.suspended_at) account.suspended_at = now;
                          return std::nullopt;
                        });
}

Administration::Result<> Administration::unsuspend(const Operator& by, std::string_view name) {
  return change_account(by, "user unsuspend", name, [](db::Tx&, Account& account, Time) -> Refusal {
    account.suspended_at.reset();
    return std::nullopt;
  });
}

Administration::Result<> Administration::deactivate(const Operator& by, std::string_view name,
                                                    bool erase) {
  return ground_.db.write_now([&](db::Tx& tx) -> Result<> {
    const auto user = find_locked(tx, name);
    if (!user) return no_such_user(name);
    Account account = user->account;
    if (account.deactivated_at && !erase) return fail("the account is deactivated already");
    if (user->erased_at) return fail("the account is erased already");
    deactivate_account(tx, ground_, sessions_, account, erase);
    note(tx, by, "user deactivate", target(account), erase ? "erased" : "");
    return {};
  });
}

Administration::Result<> Administration::reactivate(const Operator& by, std::string_view name) {
  const auto change = [&events = ground_.events](db::Tx& tx, Account& account, Time) -> Refusal {
    if (!account.deactivated_at) return "the account is not deactivated";
    account.deactivated_at.reset();
    update_erased(tx, account.id, std::nullopt);
    replace_password(tx, events, account.id, std::nullopt, events::PasswordChange::taken_away);
    return std::nullopt;
  };
  return change_account(by, "user reactivate", name, change);
}

Administration::Result<> Administration::set_admin(const Operator& by, std::string_view name,
                                                   bool admin) {
  const auto change = [admin](db::Tx&, Account& account, Time) -> Refusal {
    account.admin = admin;
    return std::nullopt;
  };
  return change_account(by, "user admin", name, change, admin ? "on" : "off");
}

}  // namespace latchkey::accounts
