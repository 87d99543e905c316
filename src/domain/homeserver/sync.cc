#include "domain/homeserver/sync.h"

#include <utility>

#include "domain/accounts/user_rows.h"
#include "domain/homeserver/changes.h"
#include "domain/homeserver/homeserver_rows.h"

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
  const auto read = [](db::Tx& tx, const std::string& localpart) -> std::optional<Account> {
    auto facts = account_facts(tx, localpart);
    if (!facts) return std::nullopt;
    auto devices = devices_of(tx, facts->id);
    return Account{std::move(*facts), std::move(devices)};
  };
  Report report;
  std::optional<UserId> after;
  for (;;) {
    const auto batch = co_await db.read([&](db::Tx& tx) {
      std::vector<Account> accounts;
      if (name) {
        const auto meant = accounts::find_user_named(tx, *name, parts_.server_name);
        if (auto one = meant ? read(tx, meant->account.localpart) : std::nullopt) {
          accounts.push_back(std::move(*one));
        }
        return accounts;
      }
      for (const std::string& localpart : localparts_after(tx, after, kBatch)) {
        if (auto one = read(tx, localpart)) accounts.push_back(std::move(*one));
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

}  // namespace latchkey::homeserver
