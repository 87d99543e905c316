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

// "display_name = NULL, …": all columns of a device but those that are not personal.
std::string forgotten_columns() {
  using Row = db::Columns<Device>;
  std::string text;
  const auto forget = [&](std::string_view name) {
    if (std::ranges::find(Row::kNotPersonal, name) != Row::kNotPersonal.end()) return;
    text.append(text.empty() ? "" : ", ").append(name).append(" = NULL");
  };
  std::apply([&](const auto&... column) { (forget(column.name), ...); }, Row::kAll);
  return text;
}

}  // namespace

std::vector<Device> list_devices(db::Tx& tx, UserId user) {
  static const std::string sql =
      "SELECT " + db::column_list<Device>() +
      " FROM devices WHERE user_id = :user AND deleted_at IS NULL ORDER BY id";
  return db::rows<Device>(tx, sql, user);
}

std::vector<SeenDevice> list_seen_devices(db::Tx& tx, UserId user) {
  const auto uses = last_uses(tx, user);
  std::vector<SeenDevice> devices;
  for (Device& device : list_devices(tx, user)) {
    SeenDevice& seen = devices.emplace_back(SeenDevice{std::move(device), {}, {}});
    if (const auto use = uses.find(seen.key); use != uses.end()) {
      seen.last_seen_at = use->second.at;
      seen.last_seen_address = use->second.address;
    }
  }
  return devices;
}

std::int64_t count_devices(db::Tx& tx, UserId user) {
  return std::get<0>(*tx.one<std::int64_t>(
      "SELECT COUNT(*) FROM devices WHERE user_id = :user AND deleted_at IS NULL", user));
}

std::optional<Device> find_device(db::Tx& tx, UserId user, std::string_view device_id) {
  static const std::string sql =
      "SELECT " + db::column_list<Device>() +
      " FROM devices WHERE user_id = :user AND device_id = :device AND deleted_at IS NULL";
  return db::row<Device>(tx, sql, user, device_id);
}

std::optional<SeenDevice> find_seen_device(db::Tx& tx, UserId user, std::string_view device_id) {
  auto devices = list_seen_devices(tx, user);
  const auto found = std::ranges::find(devices, device_id, &Device::id);
  return found == devices.end() ? std::nullopt : std::optional(std::move(*found));
}

bool insert_device(db::Tx& tx, const Device& device) {
  static const std::string sql = "INSERT INTO devices (" + db::column_list<Device>() +
                                 ") VALUES (" + db::parameter_list<Device>() +
                                 ") ON CONFLICT DO NOTHING";
  return db::insert(tx, sql, device) == 1;
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

std::optional<Device> delete_device(db::Tx& tx, DeviceKey key, Time now) {
  static const std::string sql =
      "UPDATE devices SET deleted_at = :now WHERE id = :id AND deleted_at IS NULL RETURNING " +
      db::column_list<Device>();
  return db::row<Device>(tx, sql, now, key);
}

std::vector<Device> delete_devices_of_user(db::Tx& tx, UserId user, Time now) {
  static const std::string sql =
      "UPDATE devices SET deleted_at = :now WHERE user_id = :user AND deleted_at IS NULL"
      " RETURNING " +
      db::column_list<Device>();
  return db::rows<Device>(tx, sql, now, user);
}

void forget_devices_of_user(db::Tx& tx, UserId user) {
  tx.run(
      "UPDATE sessions SET address = NULL, user_agent = NULL WHERE ended = 2 AND device IN"
      " (SELECT id FROM devices WHERE user_id = :user AND deleted_at IS NOT NULL)",
      user);
  tx.run(
      "UPDATE sessions SET address = NULL, user_agent = NULL"
      " WHERE user_id = :user AND device IS NULL AND ended = 2",
      user);
  static const std::string sql = "UPDATE devices SET " + forgotten_columns() +
                                 " WHERE user_id = :user AND deleted_at IS NOT NULL";
  tx.run(sql, user);
}

}  // namespace latchkey::sessions
