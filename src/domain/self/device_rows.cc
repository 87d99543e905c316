#include "domain/self/device_rows.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace latchkey::self {
namespace {

using MaybeText = std::optional<std::string>;

struct Gathered {
  AccountDevice device;
  std::optional<std::pair<bool, SessionId>> newest;
};

void take_session(Gathered& into, sessions::Ended ended, SessionId id, Time created, Time active,
                  const MaybeText& client, std::optional<sessions::Method> method,
                  std::optional<BrowserSessionId> browser, const MaybeText& address,
                  const MaybeText& agent) {
  AccountDevice& device = into.device;
  device.first_used_at = std::min(device.first_used_at.value_or(created), created);
  device.last_used_at = std::max(device.last_used_at.value_or(active), active);
  // A sign-in to the device has ended the others, be it in the same millisecond.
  const auto order = std::pair(ended == sessions::Ended::live, id);
  if (into.newest && *into.newest > order) return;
  into.newest = order;
  device.client = client.value_or("");
  device.method = method;
  device.browser = browser;
  device.address = address.value_or("");
  device.user_agent = agent.value_or("");
}

}  // namespace

std::vector<DeviceWithSession> list_account_devices(db::Tx& tx, UserId user) {
  std::unordered_map<DeviceKey, Gathered> found;
  for (sessions::Device& device : sessions::list_devices(tx, user)) {
    sessions::Device& listed = found[device.key].device;
    listed = std::move(device);
  }
  // Two branches, so that each has its partial index.
  tx.each<DeviceKey, sessions::Ended, SessionId, Time, Time, MaybeText,
          std::optional<sessions::Method>, std::optional<BrowserSessionId>, MaybeText, MaybeText>(
      "SELECT d.id, s.ended, s.id, s.created_at, s.last_active_at, s.client, s.method,"
      " s.browser_session, s.address, a.text"
      " FROM devices d JOIN sessions s ON s.device = d.id AND s.ended = 0"
      " LEFT JOIN user_agents a ON a.id = s.user_agent"
      " WHERE d.user_id = :user AND d.deleted_at IS NULL UNION ALL"
      " SELECT d.id, s.ended, s.id, s.created_at, s.last_active_at, s.client, s.method,"
      " s.browser_session, s.address, a.text"
      " FROM devices d JOIN sessions s ON s.device = d.id AND s.ended = 1"
      " LEFT JOIN user_agents a ON a.id = s.user_agent"
      " WHERE d.user_id = :user AND d.deleted_at IS NULL",
      [&](DeviceKey key, const auto&... session) { take_session(found[key], session...); }, user);
  std::vector<DeviceWithSession> devices;
  devices.reserve(found.size());
  for (auto& [key, one] : found) {
    devices.push_back({.device = std::move(one.device), .newest = {}});
    if (one.newest) devices.back().newest = one.newest->second;
  }
  return devices;
}

std::vector<AccountApp> list_account_apps(db::Tx& tx, UserId user) {
  std::vector<AccountApp> apps;
  tx.each<SessionId, MaybeText, Time>(
      "SELECT id, client, last_active_at FROM sessions WHERE user_id = :user AND device IS NULL"
      " AND ended = 0 ORDER BY last_active_at DESC, id DESC",
      [&](SessionId id, const MaybeText& client, Time active) {
        apps.push_back({.id = id, .client = client.value_or(""), .last_used_at = active});
      },
      user);
  return apps;
}

}  // namespace latchkey::self
