#include "domain/homeserver/sync.h"

#include <set>
#include <utility>

#include "domain/accounts/user_rows.h"
#include "domain/homeserver/changes.h"
#include "domain/homeserver/homeserver_rows.h"
#include "platform/crypto/random.h"

namespace latchkey::homeserver {
namespace {

constexpr std::int64_t kBatch = 100;
constexpr auto kPatience = std::chrono::seconds{10};  // of one question

std::vector<Drift> compare(const AccountFacts& here, const std::optional<KnownUser>& there) {
  std::vector<Drift> drifts;
  if (!there) {
    if (!here.deactivated) drifts.push_back(Drift::unknown_there);
    return drifts;
  }
  if (here.deactivated && !there->deactivated) drifts.push_back(Drift::active_there);
  if (here.deactivated) return drifts;
  if (there->deactivated) drifts.push_back(Drift::deactivated_there);
  if (there->suspended && !here.suspended) drifts.push_back(Drift::suspended_there);
  if (!there->suspended && here.suspended) drifts.push_back(Drift::not_suspended_there);
  return drifts;
}

}  // namespace

struct Sync::Account {
  AccountFacts facts;
  std::vector<DeviceState> devices;
};

namespace {

std::optional<Sync::Account> read_account(db::Tx& tx, const std::string& localpart) {
  auto facts = account_facts(tx, localpart);
  if (!facts) return std::nullopt;
  auto devices = devices_of(tx, facts->id);
  return Sync::Account{std::move(*facts), std::move(devices)};
}

// All, where there are no more.
std::set<std::string> some_localparts(db::Tx& tx, std::int64_t most) {
  const auto first = localparts_after(tx, std::nullopt, most + 1);
  const auto ids = ids_of_accounts(tx);
  std::set<std::string> found;
  if (std::cmp_less_equal(first.size(), most) || !ids) {
    found.insert(first.begin(), first.end());
    return found;
  }
  const auto from = std::to_underlying(ids->first) - 1;
  const auto span = static_cast<std::uint64_t>(std::to_underlying(ids->second) - from);
  for (std::int64_t tries = 0; tries < 2 * most && std::cmp_less(found.size(), most); ++tries) {
    const UserId after{from + static_cast<std::int64_t>(crypto::random_uint64() % span)};
    for (auto& localpart : localparts_after(tx, after, 1)) found.insert(std::move(localpart));
  }
  return found;
}

}  // namespace

Task<void> Sync::look(const Account& account, Report& report) {
  ++report.accounts;
  for (const DeviceState& device : account.devices)
    ++(device.live ? report.devices : report.deleted);
  const std::string& localpart = account.facts.person.localpart;
  const auto reply = co_await pool_.run([&] {
    return parts_.homeserver.find_user(
        localpart, {.deadline = std::chrono::steady_clock::now() + kPatience, .stop = {}});
  });
  if (!reply) throw Unavailable("too many ask the homeserver at once");
  if (!*reply) throw Unavailable(reply->error().sentence);
  for (const Drift drift : compare(account.facts, **reply)) {
    report.differences.push_back({localpart, drift});
  }
}

void Sync::tell(db::Tx& tx, const Account& account) {
  tell_everything(tx, parts_.outbox, account.facts.id, account.facts.person.localpart);
  if (account.facts.deactivated) return;  // which took all devices there
  for (const DeviceState& device : account.devices) {
    settle_device(tx, parts_.outbox, account.facts.person.localpart, device.device_id);
  }
}

Task<std::optional<Sync::Report>> Sync::run(std::optional<std::string> name, bool apply) {
  db::Database& db = parts_.ground.db;
  Report report;
  std::optional<UserId> after;
  for (;;) {
    const auto batch = co_await db.read([&](db::Tx& tx) {
      std::vector<Account> accounts;
      if (name) {
        const auto meant = accounts::find_user_named(tx, *name, parts_.server_name);
        if (auto one = meant ? read_account(tx, meant->account.localpart) : std::nullopt) {
          accounts.push_back(std::move(*one));
        }
        return accounts;
      }
      for (const std::string& localpart : localparts_after(tx, after, kBatch)) {
        if (auto one = read_account(tx, localpart)) accounts.push_back(std::move(*one));
      }
      return accounts;
    });
    if (batch.empty()) break;
    for (const Account& account : batch) co_await look(account, report);
    if (apply) {
      co_await db.write([&](db::Tx& tx) {
        for (const Account& account : batch) tell(tx, account);
      });
    }
    after = batch.back().facts.id;
    if (name) break;
  }
  if (name && report.accounts == 0) co_return std::nullopt;
  co_return report;
}

Task<Sync::Report> Sync::sample(std::int64_t most) {
  const auto accounts = co_await parts_.ground.db.read([&](db::Tx& tx) {
    std::vector<Account> found;
    for (const std::string& localpart : some_localparts(tx, most)) {
      if (auto one = read_account(tx, localpart)) found.push_back(std::move(*one));
    }
    return found;
  });
  Report report;
  for (const Account& account : accounts) co_await look(account, report);
  co_return report;
}

}  // namespace latchkey::homeserver
