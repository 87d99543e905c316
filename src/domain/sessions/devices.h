#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/events/events.h"
#include "domain/sessions/record.h"
#include "platform/db/row.h"

// Devices: their rows (spec "Device management"). A device
// outlives its sessions; that they end with it is Sessions::end(). No rule is decided here.
namespace latchkey::sessions {

// What a client says of its device when it signs in on one that is not known yet.
struct DeviceDetails {
  std::string display_name;  // empty: none
};

// A row of `devices`.
struct Device : DeviceDetails {
  DeviceKey key{};
  UserId user{};
  std::string id;  // as clients know it
};

}  // namespace latchkey::sessions

template <>
struct latchkey::db::Columns<latchkey::sessions::Device> {
  using Device = sessions::Device;
  static constexpr auto kAll = std::tuple{
      column("id", &Device::key), column("device_id", &Device::id),
      column<EmptyIsNull>("display_name", &Device::display_name),
      column("user_id", &Device::user),  // last: see GuardedInsert in session_rows.cc
  };
  // When a person is forgotten their devices keep these alone: see forget_devices_of_user().
  static constexpr std::array<std::string_view, 3> kNotPersonal{"id", "user_id", "device_id"};
};

namespace latchkey::sessions {

// The live devices, oldest first.
std::vector<Device> list_devices(db::Tx& tx, UserId user);
std::int64_t count_devices(db::Tx& tx, UserId user);
// As many as the user may have at most; they are counted where that may be too many. Of an account
// that is locked.
std::int64_t bound_devices(db::Tx& tx, UserId user, std::int64_t too_many);

// The live device of that name.
std::optional<Device> find_device(db::Tx& tx, UserId user, std::string_view device_id);
// Whether the user once had a device of this ID, which is deleted now.
bool had_device(db::Tx& tx, UserId user, std::string_view device_id);

// The key was made up, and the name is no live device's: a taken one is the write's to meet, which
// then runs again (Tx::insert_later).
void insert_device(db::Tx& tx, const Device& device);
void rename_device(db::Tx& tx, const events::Events& events, DeviceKey key,
                   const std::string& display_name);

// Absent: it was deleted before.
std::optional<Device> delete_device(db::Tx& tx, DeviceKey key, Time now);
std::vector<Device> delete_devices_of_user(db::Tx& tx, UserId user, Time now);

// Forgets all that is personal of a user's deleted devices, and where and with what their sessions
// were used.
void forget_devices_of_user(db::Tx& tx, UserId user);

}  // namespace latchkey::sessions
