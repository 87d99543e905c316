#include "domain/self/own_devices.h"

#include "domain/sessions/session_rows.h"

namespace latchkey::self {

Task<std::vector<sessions::Device>> OwnDevices::list(const signin::Caller& who) {
  co_return co_await ground_.db.read(
      [&](db::Tx& tx) { return sessions::list_devices(tx, who.identity.user); });
}

Task<std::optional<sessions::Device>> OwnDevices::find(const signin::Caller& who,
                                                       std::string device_id) {
  co_return co_await ground_.db.read(
      [&](db::Tx& tx) { return sessions::find_device_details(tx, who.identity.user, device_id); });
}

Task<bool> OwnDevices::ever_had(const signin::Caller& who, std::string device_id) {
  co_return co_await ground_.db.read([&](db::Tx& tx) {
    return sessions::find_device(tx, who.identity.user, device_id) ||
           sessions::had_device(tx, who.identity.user, device_id);
  });
}

Task<OwnDevices::Put> OwnDevices::put(const signin::Caller& who, std::string device_id,
                                      std::optional<std::string> display_name) {
  co_return co_await ground_.db.write([&](db::Tx& tx) {
    // Not while it is being deleted, or created by another request; nor after a deactivation.
    const auto account = sessions::lock_account(tx, who.identity.user);
    if (!account || account->deactivated_at) return Put::no_such_device;
    const auto device = sessions::find_device(tx, who.identity.user, device_id);
    if (!device) return create(tx, who, device_id, display_name);
    if (display_name) sessions::rename_device(tx, ground_.events, *device, *display_name);
    return Put::updated;
  });
}

OwnDevices::Put OwnDevices::create(db::Tx& tx, const signin::Caller& who,
                                   const std::string& device_id,
                                   const std::optional<std::string>& display_name) {
  if (!who.is_service()) return Put::no_such_device;
  const auto most = static_cast<std::int64_t>(sessions_.policy().maximum_per_user);
  if (sessions::count_devices(tx, who.identity.user) >= most) return Put::too_many;
  // The account is locked, so only the key can collide.
  while (!sessions::add_device(tx, ground_.events, ground_.ids.next<DeviceKey>(ground_.clock.now()),
                               who.identity.user, device_id, display_name)) {
  }
  return Put::created;
}

}  // namespace latchkey::self
