#include "domain/administration/administration.h"

#include <fmt/format.h>

#include <stdexcept>

#include "domain/accounts/account_changes.h"
#include "domain/accounts/matrix_id.h"
#include "domain/self/operations.h"

namespace latchkey::administration {

using accounts::Threepid;
using accounts::User;
using sessions::Account;

namespace {

std::expected<Threepid, AdminRefused> canonical(const std::string& medium,
                                                const std::string& address) {
  using enum AdminRefused::Why;
  if (auto threepid = accounts::canonical_threepid(medium, address)) return *std::move(threepid);
  if (medium == "email") return std::unexpected(AdminRefused{not_an_email_address, address});
  if (medium == "msisdn") return std::unexpected(AdminRefused{not_a_phone_number, address});
  return std::unexpected(AdminRefused{not_a_medium, medium});
}

// Since when the measure holds.
std::optional<Time>& since(Account& account, Measure measure) {
  return measure == Measure::lock ? account.locked_at : account.suspended_at;
}

std::string_view action(Measure measure, bool wanted) {
  if (measure == Measure::lock) return wanted ? "user lock" : "user unlock";
  return wanted ? "user suspend" : "user unsuspend";
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
  return accounts::find_user_named(tx, name, server_name_);
}

std::unexpected<AdminRefused> Administration::refuse(const self::Refused& refused) {
  using enum self::Refused::Why;
  switch (refused.why) {
    case account_deactivated:
      return refuse(Why::deactivated);
    case weak_password:
      return std::unexpected(AdminRefused{.why = Why::weak_password, .weak = refused.weak});
    case busy:
      return refuse(Why::busy);
    // What only the proofs of others, and operations that are none of an operator's, are refused
    // for.
    case confirmation_used_up:
    case session_over:
    case service_itself:
    case browser_signed_out:
    case not_fresh:
    case link_not_valid:
    case no_such_device:
    case switched_off:
    case wrong_password:
    case same_password:
    case too_many_failures:
    case directory_away:
    case password_elsewhere:
      break;
  }
  throw std::logic_error("an operator was refused for what is no reason of an operator");
}

Administration::Result<self::Admitted> Administration::admit(db::Tx& tx, std::string_view name,
                                                             Which which) {
  const auto user = find(tx, name);
  if (!user) return refuse(Why::no_such_user, name);
  auto who = self::Admission::admit(
      tx, self::OperatorProof{.user = user->account.id,
                              .deactivated_too = which == Which::deactivated_too});
  if (!who) return refuse(who.error());
  return std::move(*who);
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
  auto hash = co_await self::hash_new(passwords_, std::move(password), std::move(localpart));
  if (!hash) co_return refuse(hash.error());
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
    const auto who = admit(tx, name, Which::in_use);
    if (!who) return std::unexpected(who.error());
    self::replace_password(tx, ground_, sessions_, *who, *hash, false);
    note(tx, by, "user set-password", target(who->account));
    return {};
  });
}

Task<Administration::Result<accounts::NewRecoveryLink>> Administration::recovery_link(
    Operator by, std::string name, Duration lifetime) {
  if (!passwords_.enabled()) co_return refuse(Why::no_passwords);
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<accounts::NewRecoveryLink> {
    const auto who = admit(tx, name, Which::in_use);
    if (!who) return std::unexpected(who.error());
    if (who->account.locked_at) return refuse(Why::locked);
    auto link = accounts::make_recovery_link(tx, who->account.id, lifetime, ground_.clock.now());
    note(tx, by, "user recovery-link", target(who->account));
    return link;
  });
}

bool holds(const Account& account, Measure measure) {
  return (measure == Measure::lock ? account.locked_at : account.suspended_at).has_value();
}

void Administration::set(db::Tx& tx, const Operator& by, self::Admitted& who, Measure measure,
                         bool wanted) {
  const Account before = who.account;
  if (holds(before, measure) == wanted) return;
  since(who.account, measure) = wanted ? std::optional(ground_.clock.now()) : std::nullopt;
  accounts::change_state(tx, ground_.events, before, who.account);
  note(tx, by, action(measure, wanted), target(who.account));
}

Task<Administration::Result<>> Administration::set(Operator by, std::string name, Measure measure,
                                                   bool wanted) {
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<> {
    auto who = admit(tx, name, Which::deactivated_too);
    if (!who) return std::unexpected(who.error());
    set(tx, by, *who, measure, wanted);
    return {};
  });
}

Task<Administration::Result<>> Administration::lock(Operator by, std::string name) {
  return set(std::move(by), std::move(name), Measure::lock, true);
}

Task<Administration::Result<>> Administration::unlock(Operator by, std::string name) {
  return set(std::move(by), std::move(name), Measure::lock, false);
}

Task<Administration::Result<>> Administration::suspend(Operator by, std::string name) {
  return set(std::move(by), std::move(name), Measure::suspend, true);
}

Task<Administration::Result<>> Administration::unsuspend(Operator by, std::string name) {
  return set(std::move(by), std::move(name), Measure::suspend, false);
}

Task<Administration::Result<>> Administration::deactivate(Operator by, std::string name,
                                                          bool erase) {
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<> {
    auto who = admit(tx, name, Which::deactivated_too);
    if (!who) return std::unexpected(who.error());
    if (who->account.deactivated_at && !erase) return refuse(Why::already_deactivated);
    if (accounts::find_user_by_id(tx, who->account.id).value().erased_at) {
      return refuse(Why::already_erased);
    }
    self::deactivate(tx, ground_, sessions_, *who, erase);
    note(tx, by, "user deactivate", target(who->account), erase ? "erased" : "");
    return {};
  });
}

Task<Administration::Result<>> Administration::reactivate(Operator by, std::string name) {
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<> {
    auto who = admit(tx, name, Which::deactivated_too);
    if (!who) return std::unexpected(who.error());
    const Account before = who->account;
    if (!before.deactivated_at) return refuse(Why::not_deactivated);
    who->account.deactivated_at.reset();
    accounts::update_erased(tx, before.id, std::nullopt);
    accounts::replace_password(tx, ground_.events, before.id, std::nullopt,
                               events::PasswordChange::taken_away);
    accounts::change_state(tx, ground_.events, before, who->account);
    note(tx, by, "user reactivate", target(before));
    return {};
  });
}

Task<Administration::Result<>> Administration::set_admin(Operator by, std::string name,
                                                         bool admin) {
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<> {
    auto who = admit(tx, name, Which::deactivated_too);
    if (!who) return std::unexpected(who.error());
    const Account before = who->account;
    if (before.admin == admin) return {};
    who->account.admin = admin;
    accounts::change_state(tx, ground_.events, before, who->account);
    note(tx, by, "user admin", target(before), admin ? "on" : "off");
    return {};
  });
}

// --- addresses and phone numbers ---

Task<Administration::Result<Threepid>> Administration::add_threepid(Operator by, std::string name,
                                                                    std::string medium,
                                                                    std::string address) {
  const auto threepid = canonical(medium, address);
  if (!threepid) co_return std::unexpected(threepid.error());
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<Threepid> {
    const auto who = admit(tx, name, Which::in_use);
    if (!who) return std::unexpected(who.error());
    if (!accounts::add_threepid(tx, ground_.events, who->account.id, *threepid,
                                ground_.clock.now())) {
      return refuse(Why::address_taken, threepid->address);
    }
    note(tx, by, "user add-threepid", target(who->account), described(*threepid));
    return *threepid;
  });
}

Task<Administration::Result<Threepid>> Administration::remove_threepid(Operator by,
                                                                       std::string name,
                                                                       std::string medium,
                                                                       std::string address) {
  const auto threepid = canonical(medium, address);
  if (!threepid) co_return std::unexpected(threepid.error());
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<Threepid> {
    const auto who = admit(tx, name, Which::deactivated_too);
    if (!who) return std::unexpected(who.error());
    if (!accounts::remove_threepid(tx, ground_.events, who->account.id, *threepid)) {
      return refuse(Why::not_theirs, threepid->address, name);
    }
    note(tx, by, "user remove-threepid", target(who->account), described(*threepid));
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
