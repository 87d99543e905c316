#include "domain/sessions/devices.h"

#include <algorithm>
#include <unordered_map>

namespace latchkey::sessions {
namespace {

using MaybeText = std::optional<std::string>;

struct Seen {
  Time at;
  std::string address;
};

// The newest use of each device. Two branches, so that each has its partial index.
std::unordered_map<DeviceKey, Seen> last_uses(db::Tx& tx, UserId user) {
  std::unordered_map<DeviceKey, Seen> uses;
  tx.each<DeviceKey, Time, MaybeText>(
      "SELECT d.id, s.last_active_at, s.address FROM devices d"
      " JOIN sessions s ON s.device = d.id AND s.ended = 0"
      " WHERE d.user_id = :user AND d.deleted_at IS NULL"
      " UNION ALL SELECT d.id, s.last_active_at, s.address FROM devices d"
      " JOIN sessions s ON s.device = d.id AND s.ended = 1"
      " WHERE d.user_id = :user AND d.deleted_at IS NULL",
      [&](DeviceKey device, Time at, const MaybeText& address) {
        Seen& seen = uses.try_emplace(device, Seen{at, {}}).first->second;
        if (at >= seen.at) seen = {at, address.value_or("")};
      },
      user);
  return uses;
}

}  // namespace

std::vector<Device> list_devices(db::Tx& tx, UserId user) {
  const auto uses = last_uses(tx, user);
  std::vector<Device> devices;
  for (auto& [key, id, name] : tx.all<DeviceKey, std::string, MaybeText>(
           "SELECT id, device_id, display_name FROM devices"
           " WHERE user_id = :user AND deleted_at IS NULL ORDER BY id",
           user)) {
    Device device;
    device.key = key;
    device.id = std::move(id);
    device.display_name = name.value_or("");
    if (const auto seen = uses.find(key); seen != uses.end()) {
      device.last_seen_at = seen->second.at;
      device.last_seen_address = seen->second.address;
    }
    devices.push_back(std::move(device));
  }
  return devices;
}

std::optional<Device> find_device_details(db::Tx& tx, UserId user, std::string_view device_id) {
  auto devices = list_devices(tx, user);
  const auto found = std::ranges::find(devices, device_id, &Device::id);
  return found == devices.end() ? std::nullopt : std::optional(std::move(*found));
}

bool add_device(db::Tx& tx, const events::Events& events, DeviceKey key, UserId user,
                const std::string& device_id, const std::optional<std::string>& display_name) {
  const bool added = tx.run(
                         "INSERT INTO devices (id, user_id, device_id, display_name)"
                         " VALUES (:id, :user, :device, :name) ON CONFLICT DO NOTHING",
                         key, user, device_id, display_name) == 1;
  if (added) events.tell(tx, events::DeviceAdded{user, key, device_id, display_name});
  return added;
}

void rename_device(db::Tx& tx, const events::Events& events, DeviceKey key,
                   const std::string& display_name) {
  const auto row = tx.one<UserId, std::string>(
      "UPDATE devices SET display_name = :name WHERE id = :id RETURNING user_id, device_id",
      display_name, key);
  if (!row) return;
  const auto& [user, device_id] = *row;
  events.tell(tx, events::DeviceRenamed{user, key, device_id, display_name});
}

bool had_device(db::Tx& tx, UserId user, std::string_view device_id) {
  return tx
      .one<int>(
          "SELECT 1 FROM devices WHERE user_id = :user AND device_id = :device"
          " AND deleted_at IS NOT NULL LIMIT 1",
          user, device_id)
      .has_value();
}

}  // namespace latchkey::sessions
