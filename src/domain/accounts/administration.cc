#include "domain/accounts/administration.h"

#include <fmt/format.h>

#include "domain/accounts/matrix_id.h"

namespace latchkey::accounts {
namespace {

using sessions::EndReason;
using sessions::lock_account;

std::unexpected<std::string> fail(std::string sentence) {
  return std::unexpected(std::move(sentence));
}

std::unexpected<std::string> no_such_user(std::string_view name) {
  return fail(fmt::format("there is no user {}", name));
}

std::unexpected<std::string> no_such_session() { return fail("there is no such session"); }

// The user's row, locked; absent when there is none of that name.
std::optional<User> find_locked(db::Tx& tx, std::string_view name, std::string_view server_name) {
  const auto localpart = localpart_meant(name, server_name);
  if (!localpart) return std::nullopt;
  auto user = find_user(tx, *localpart);
  if (!user) return std::nullopt;
  lock_account(tx, user->account.id);
  return find_user(tx, *localpart);
}

}  // namespace

Administration::Result<std::string> Administration::create_user(std::string_view name,
                                                                std::string_view password,
                                                                bool admin) {
  if (!valid_localpart(name, server_name_)) {
    return fail(fmt::format("'{}' is not a user name: use a-z, 0-9 and ._=-/+", name));
  }
  if (const auto refusal = passwords_.refuse_new_now(password, name)) return fail(*refusal);
  const std::string hash = passwords_.hash_now(password);
  const Time now = sessions_.clock().now();
  const bool created = sessions_.database().write_now([&](db::Tx& tx) {
    return !name_taken(tx, name) &&
           insert_user(tx, sessions_.ids().next(now), name, hash, admin, now);
  });
  if (!created) return fail(fmt::format("the name {} is taken", name));
  return matrix_id(name, server_name_);
}

Administration::Result<> Administration::set_password(std::string_view name,
                                                      std::string_view password) {
  const std::string localpart = localpart_meant(name, server_name_).value_or("");
  if (const auto refusal = passwords_.refuse_new_now(password, localpart)) return fail(*refusal);
  const std::string hash = passwords_.hash_now(password);
  return sessions_.database().write_now([&](db::Tx& tx) -> Result<> {
    const auto user = find_locked(tx, name, server_name_);
    if (!user) return no_such_user(name);
    if (user->account.deactivated_at) return fail("the account is deactivated");
    update_password(tx, user->account.id, hash);
    return {};
  });
}

// `change` gets the transaction, the account and now, and returns a sentence to refuse.
template <class Change>
Administration::Result<> Administration::change_account(std::string_view name, Change change) {
  return sessions_.database().write_now([&](db::Tx& tx) -> Result<> {
    auto user = find_locked(tx, name, server_name_);
    if (!user) return no_such_user(name);
    if (auto refusal = change(tx, user->account, sessions_.clock().now())) return fail(*refusal);
    update_account_state(tx, user->account);
    sessions_.account_changed(tx, user->account.id);
    return {};
  });
}

using Refusal = std::optional<std::string>;

Administration::Result<> Administration::lock(std::string_view name) {
  return change_account(name, [](db::Tx&, Account& account, Time now) -> Refusal {
    if (!account.locked_at) account.locked_at = now;
    return std::nullopt;
  });
}

Administration::Result<> Administration::unlock(std::string_view name) {
  return change_account(name, [](db::Tx&, Account& account, Time) -> Refusal {
    account.locked_at.reset();
    return std::nullopt;
  });
}

Administration::Result<> Administration::suspend(std::string_view name) {
  return change_account(name, [](db::Tx&, Account& account, Time now) -> Refusal {
    if (!account.suspended_at) account.suspended_at = now;
    return std::nullopt;
  });
}

Administration::Result<> Administration::unsuspend(std::string_view name) {
  return change_account(name, [](db::Tx&, Account& account, Time) -> Refusal {
    account.suspended_at.reset();
    return std::nullopt;
  });
}

Administration::Result<> Administration::deactivate(std::string_view name) {
  return change_account(name, [this](db::Tx& tx, Account& account, Time now) -> Refusal {
    if (account.deactivated_at) return "the account is deactivated already";
    account.deactivated_at = now;
    update_password(tx, account.id, std::nullopt);
    sessions_.end_all_of(tx, account.id, EndReason::account_deactivated);
    return std::nullopt;
  });
}

Administration::Result<> Administration::reactivate(std::string_view name) {
  return change_account(name, [](db::Tx&, Account& account, Time) -> Refusal {
    if (!account.deactivated_at) return "the account is not deactivated";
    account.deactivated_at.reset();
    return std::nullopt;
  });
}

Administration::Result<> Administration::set_admin(std::string_view name, bool admin) {
  return change_account(name, [admin](db::Tx&, Account& account, Time) -> Refusal {
    account.admin = admin;
    return std::nullopt;
  });
}

Administration::Result<std::vector<Administration::Listed>> Administration::list_sessions(
    std::string_view name) {
  using List = std::vector<Listed>;
  return sessions_.database().read_now([&](db::Tx& tx) -> Result<List> {
    const auto localpart = localpart_meant(name, server_name_);
    const auto user = localpart ? find_user(tx, *localpart) : std::nullopt;
    if (!user) return no_such_user(name);
    List result;
    for (auto& listed : sessions::list_sessions(tx, user->account.id)) {
      const sessions::Standing standing = sessions_.standing_of(listed.session);
      result.push_back({std::move(listed), standing});
    }
    return result;
  });
}

Administration::Result<std::size_t> Administration::soft_logout_user(std::string_view name) {
  return sessions_.database().write_now([&](db::Tx& tx) -> Result<std::size_t> {
    const auto user = find_locked(tx, name, server_name_);
    if (!user) return no_such_user(name);
    return sessions_.end_all_softly(tx, user->account.id, EndReason::administrator_softly);
  });
}

std::size_t Administration::soft_logout_everybody() {
  return sessions_.database().write_now([&](db::Tx& tx) {
    return sessions_.end_everything_softly(tx, EndReason::administrator_softly);
  });
}

Administration::Result<> Administration::end_session(sessions::SessionId id) {
  return sessions_.database().write_now([&](db::Tx& tx) -> Result<> {
    const auto session = sessions::find_session(tx, id);
    if (!session) return no_such_session();
    lock_account(tx, session->account.id);
    if (!sessions_.end_for_good(tx, *session, EndReason::administrator)) {
      return fail("the session is over already");
    }
    return {};
  });
}

Administration::Result<> Administration::soft_logout_session(sessions::SessionId id) {
  return sessions_.database().write_now([&](db::Tx& tx) -> Result<> {
    const auto session = sessions::find_session(tx, id);
    if (!session) return no_such_session();
    lock_account(tx, session->account.id);
    if (!sessions_.end_softly(tx, id, EndReason::administrator_softly)) {
      return fail("the session has ended already");
    }
    return {};
  });
}

void Administration::mark_gap(Time from, Time to) {
  sessions_.database().write_now(
      [&](db::Tx& tx) { sessions::add_gap(tx, from, to, sessions_.clock().now()); });
}

}  // namespace latchkey::accounts
