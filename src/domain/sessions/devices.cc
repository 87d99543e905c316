#include "domain/sessions/devices.h"

#include <algorithm>

#include "domain/sessions/session_rows.h"
#include "domain/sessions/user_agents.h"

namespace latchkey::sessions {
namespace {

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

std::int64_t count_devices(db::Tx& tx, UserId user) {
  return std::get<0>(*tx.one<std::int64_t>(
      "SELECT COUNT(*) FROM devices WHERE user_id = :user AND deleted_at IS NULL", user));
}

std::int64_t bound_devices(db::Tx& tx, UserId user, std::int64_t too_many) {
  const auto row = tx.one<std::optional<std::int64_t>>(
      "SELECT devices_at_most FROM users WHERE id = :user", user);
  const auto bound = row ? std::get<0>(*row) : std::nullopt;
  if (bound && *bound < too_many) return *bound;
  const std::int64_t counted = count_devices(tx, user);
  if (bound != counted) {
    tx.later("UPDATE users SET devices_at_most = :count WHERE id = :user", counted, user);
  }
  return counted;
}

std::optional<Device> find_device(db::Tx& tx, UserId user, std::string_view device_id) {
  static const std::string sql =
      "SELECT " + db::column_list<Device>() +
      " FROM devices WHERE user_id = :user AND device_id = :device AND deleted_at IS NULL";
  return db::row<Device>(tx, sql, user, device_id);
}

void insert_device(db::Tx& tx, const Device& device) {
  static const std::string sql = "INSERT INTO devices (" + db::column_list<Device>() +
                                 ") VALUES (" + db::parameter_list<Device>() + ")";
  db::insert_later(tx, sql, device);
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
  delete_user_agents_named_by(tx, user);
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
