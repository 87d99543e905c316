#include "domain/homeserver/homeserver_rows.h"

namespace latchkey::homeserver {

bool insert_record(db::Tx& tx, RecordId id, std::string_view localpart, std::string_view device_id,
                   Time now) {
  return tx.run(
             "INSERT INTO homeserver_devices (id, localpart, device_id, created_at)"
             " VALUES (:id, :localpart, :device, :now) ON CONFLICT DO NOTHING",
             id, localpart, device_id, now) == 1;
}

std::vector<RecordId> records_of(db::Tx& tx, std::string_view localpart,
                                 std::string_view device_id) {
  std::vector<RecordId> ids;
  tx.each<RecordId>(
      "SELECT id FROM homeserver_devices WHERE localpart = :localpart AND device_id = :device",
      [&](RecordId id) { ids.push_back(id); }, localpart, device_id);
  return ids;
}

bool delete_record(db::Tx& tx, RecordId id) {
  return tx.run("DELETE FROM homeserver_devices WHERE id = :id", id) == 1;
}

std::int64_t delete_records_of(db::Tx& tx, std::string_view localpart, std::string_view device_id) {
  return tx.run(
      "DELETE FROM homeserver_devices WHERE localpart = :localpart AND device_id = :device",
      localpart, device_id);
}

std::vector<Record> records_before(db::Tx& tx, Time before, std::int64_t limit) {
  std::vector<Record> records;
  tx.each<RecordId, std::string, std::string>(
      "SELECT id, localpart, device_id FROM homeserver_devices WHERE created_at < :before"
      " ORDER BY created_at LIMIT :limit",
      [&](RecordId id, std::string& localpart, std::string& device_id) {
        records.push_back({id, std::move(localpart), std::move(device_id)});
      },
      before, limit);
  return records;
}

void insert_name(db::Tx& tx, std::string_view localpart, Time now) {
  tx.run(
      "INSERT INTO homeserver_names (localpart, created_at) VALUES (:localpart, :now)"
      " ON CONFLICT DO NOTHING",
      localpart, now);
}

void delete_name(db::Tx& tx, std::string_view localpart) {
  tx.run("DELETE FROM homeserver_names WHERE localpart = :localpart", localpart);
}

bool has_name(db::Tx& tx, std::string_view localpart) {
  return tx.one<int>("SELECT 1 FROM homeserver_names WHERE localpart = :localpart", localpart)
      .has_value();
}

std::optional<std::string> localpart_of(db::Tx& tx, UserId user) {
  auto row = tx.one<std::string>("SELECT localpart FROM users WHERE id = :id", user);
  return row ? std::optional(std::move(std::get<0>(*row))) : std::nullopt;
}

std::optional<UserId> account_id(db::Tx& tx, std::string_view localpart) {
  const auto row = tx.one<UserId>("SELECT id FROM users WHERE localpart = :localpart", localpart);
  return row ? std::optional(std::get<0>(*row)) : std::nullopt;
}

std::optional<AccountFacts> account_facts(db::Tx& tx, std::string_view localpart) {
  using MaybeTime = std::optional<Time>;
  auto row = tx.one<UserId, std::optional<std::string>, MaybeTime, MaybeTime, MaybeTime, MaybeTime>(
      "SELECT id, display_name, locked_at, suspended_at, deactivated_at, erased_at FROM users"
      " WHERE localpart = :localpart",
      localpart);
  if (!row) return std::nullopt;
  auto& [id, display_name, locked, suspended, deactivated, erased] = *row;
  AccountFacts facts{.id = id,
                     .person = {.localpart = std::string(localpart),
                                .display_name = display_name.value_or(""),
                                .emails = {},
                                .locked = locked.has_value()},
                     .deactivated = deactivated.has_value(),
                     .erased = erased.has_value(),
                     .suspended = suspended.has_value()};
  tx.each<std::string>(
      "SELECT address FROM threepids WHERE user_id = :user AND medium = 'email' ORDER BY address",
      [&](std::string& address) { facts.person.emails.push_back(std::move(address)); }, id);
  return facts;
}

std::optional<std::string> live_device(db::Tx& tx, std::string_view localpart,
                                       std::string_view device_id) {
  const auto row = tx.one<std::optional<std::string>>(
      "SELECT d.display_name FROM devices d JOIN users u ON u.id = d.user_id"
      " WHERE u.localpart = :localpart AND d.device_id = :device AND d.deleted_at IS NULL",
      localpart, device_id);
  if (!row) return std::nullopt;
  return std::get<0>(*row).value_or("");
}

std::vector<std::string> localparts_after(db::Tx& tx, std::optional<UserId> after,
                                          std::int64_t limit) {
  std::vector<std::string> localparts;
  tx.each<std::string>(
      "SELECT localpart FROM users WHERE id > :after ORDER BY id LIMIT :limit",
      [&](std::string& localpart) { localparts.push_back(std::move(localpart)); },
      after.value_or(UserId{0}), limit);
  return localparts;
}

std::optional<std::pair<UserId, UserId>> ids_of_accounts(db::Tx& tx) {
  const auto row = tx.one<std::optional<UserId>, std::optional<UserId>>(
      "SELECT (SELECT MIN(id) FROM users), (SELECT MAX(id) FROM users)");
  if (!row || !std::get<0>(*row) || !std::get<1>(*row)) return std::nullopt;
  return std::pair(*std::get<0>(*row), *std::get<1>(*row));
}

std::vector<DeviceState> devices_of(db::Tx& tx, UserId user) {
  std::vector<DeviceState> devices;
  tx.each<std::string, std::int64_t>(
      "SELECT device_id, SUM(CASE WHEN deleted_at IS NULL THEN 1 ELSE 0 END) FROM devices"
      " WHERE user_id = :user GROUP BY device_id ORDER BY device_id",
      [&](std::string& device_id, std::int64_t live) {
        devices.push_back({std::move(device_id), live > 0});
      },
      user);
  return devices;
}

std::optional<DeviceName> device_of(db::Tx& tx, DeviceKey device) {
  auto row = tx.one<std::string, std::string>(
      "SELECT u.localpart, d.device_id FROM devices d JOIN users u ON u.id = d.user_id"
      " WHERE d.id = :device",
      device);
  if (!row) return std::nullopt;
  return DeviceName{std::move(std::get<0>(*row)), std::move(std::get<1>(*row))};
}

bool item_waits(db::Tx& tx, std::string_view consumer, UserId lane, std::string_view payload) {
  return tx
      .one<int>(
          "SELECT 1 FROM outbox WHERE consumer = :consumer AND destination = ''"
          " AND user_id = :lane AND payload = :payload LIMIT 1",
          consumer, lane, payload)
      .has_value();
}

std::int64_t lane_length(db::Tx& tx, std::string_view consumer, UserId lane, std::int64_t most) {
  return std::get<0>(
      tx.one<std::int64_t>("SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE consumer = :consumer"
                           " AND destination = '' AND user_id = :lane LIMIT :most) AS counted",
                           consumer, lane, most)
          .value());
}

bool kind_waits(db::Tx& tx, std::string_view consumer, UserId lane, std::string_view kind) {
  return tx
      .one<int>(
          "SELECT 1 FROM outbox WHERE consumer = :consumer AND destination = ''"
          " AND user_id = :lane AND kind = :kind LIMIT 1",
          consumer, lane, kind)
      .has_value();
}

}  // namespace latchkey::homeserver
