#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/events/events.h"
#include "domain/sessions/record.h"
#include "platform/db/tx.h"

// Devices as their owner sees them (spec "Device management"). The SQL is here; that a device's
// sessions end with it is Sessions::end().
namespace latchkey::sessions {

struct Device {
  DeviceKey key{};
  std::string id;
  std::string display_name;  // empty: none was given
  // Of its newest session; absent: it never had one (MSC4190).
  std::optional<Time> last_seen_at;
  std::string last_seen_address;
};

// The live devices, oldest first.
std::vector<Device> list_devices(db::Tx& tx, UserId user);
std::optional<Device> find_device_details(db::Tx& tx, UserId user, std::string_view device_id);

// False when the key or the name is taken.
bool add_device(db::Tx& tx, const events::Events& events, DeviceKey key, UserId user,
                const std::string& device_id, const std::optional<std::string>& display_name);
void rename_device(db::Tx& tx, const events::Events& events, DeviceKey key,
                   const std::string& display_name);

// Whether the user once had a device of this ID, which is deleted now.
bool had_device(db::Tx& tx, UserId user, std::string_view device_id);

}  // namespace latchkey::sessions
