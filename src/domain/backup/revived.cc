#include "domain/backup/revived.h"

#include <map>
#include <utility>

namespace latchkey::backup {
namespace {

constexpr std::int64_t kPage = 500;

using MaybeText = std::optional<std::string>;
using MaybeTime = std::optional<Time>;

struct Account {
  std::string name;
  MaybeText password_hash;
  bool locked;
  bool deactivated;
};
using Accounts = std::map<UserId, Account>;

// Those whose ids are past `after`, at most so many, and up to `last`.
Accounts accounts_of(db::Tx& tx, UserId after, std::optional<UserId> last, std::int64_t limit) {
  constexpr UserId kLast{INT64_MAX};
  Accounts accounts;
  tx.each<UserId, std::string, MaybeText, MaybeTime, MaybeTime>(
      "SELECT id, localpart, password_hash, locked_at, deactivated_at FROM users"
      " WHERE id > :after AND id <= :last ORDER BY id LIMIT :limit",
      [&](UserId id, std::string& name, MaybeText& hash, MaybeTime locked, MaybeTime deactivated) {
        accounts[id] = {std::move(name), std::move(hash), locked.has_value(),
                        deactivated.has_value()};
      },
      after, last.value_or(kLast), limit);
  return accounts;
}

void compare_account(const Account& old, const Accounts& restored, UserId id, Revived& revived) {
  const auto found = restored.find(id);
  if (found == restored.end()) return revived.missing.add(old.name);
  const Account& now = found->second;
  if (now.password_hash && now.password_hash != old.password_hash) {
    revived.older_passwords.add(now.name);
  }
  if (old.locked && !now.locked) revived.unlocked.add(now.name);
  if (old.deactivated && !now.deactivated) revived.reactivated.add(now.name);
}

void compare_accounts(db::Tx& old, db::Tx& restored, Revived& revived) {
  for (UserId after{};;) {
    const Accounts page = accounts_of(old, after, std::nullopt, kPage);
    if (page.empty()) return;
    const UserId last = page.rbegin()->first;
    const Accounts same = accounts_of(restored, after, last, INT64_MAX);
    for (const auto& [id, account] : page) compare_account(account, same, id, revived);
    after = last;
  }
}

void compare_sessions(db::Tx& old, db::Tx& restored, Revived& revived) {
  struct End {
    Ended how;
    std::optional<EndReason> why;
    MaybeTime at;
  };
  for (SessionId after{};;) {
    std::vector<Revived::Session> page;
    restored.each<SessionId, std::string, MaybeText>(
        "SELECT s.id, u.localpart, s.device_id FROM sessions s JOIN users u ON u.id = s.user_id"
        " WHERE s.id > :after AND s.ended = 0 ORDER BY s.id LIMIT :limit",
        [&](SessionId id, std::string& user, MaybeText& device) {
          page.push_back({.id = id,
                          .user = std::move(user),
                          .device_id = std::move(device).value_or(""),
                          .how = {},
                          .why = {},
                          .ended_at = {}});
        },
        after, kPage);
    if (page.empty()) return;
    std::map<SessionId, End> ends;
    old.each<SessionId, Ended, std::optional<EndReason>, MaybeTime>(
        "SELECT id, ended, end_reason, ended_at FROM sessions WHERE id > :after AND id <= :last",
        [&](SessionId id, Ended how, std::optional<EndReason> why, MaybeTime at) {
          ends[id] = {how, why, at};
        },
        after, page.back().id);
    after = page.back().id;
    for (Revived::Session& session : page) {
      const auto end = ends.find(session.id);
      if (end != ends.end() && end->second.how == Ended::live) continue;
      ++revived.sessions;
      if (revived.listed.size() == Revived::kMostListed) continue;
      if (end != ends.end()) {
        session.how = end->second.how;
        session.why = end->second.why;
        session.ended_at = end->second.at;
      }
      revived.listed.push_back(std::move(session));
    }
  }
}

}  // namespace

void Revived::People::add(std::string name) {
  ++count;
  if (names.size() < kMostListed) names.push_back(std::move(name));
}

Revived compare(db::Tx& old, db::Tx& restored) {
  Revived revived;
  compare_accounts(old, restored, revived);
  compare_sessions(old, restored, revived);
  return revived;
}

}  // namespace latchkey::backup
