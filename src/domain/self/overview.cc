#include "domain/self/overview.h"

#include <algorithm>
#include <utility>

#include "domain/accounts/user_rows.h"
#include "domain/self/device_rows.h"
#include "domain/sessions/session_rows.h"

namespace latchkey::self {

bool long_unused(const AccountDevice& device, Time now) {
  if (device.here) return false;
  return !device.last_used_at || now - *device.last_used_at > kUnusedFor;
}

Task<AccountProfile> Overview::profile(UserId id) {
  co_return co_await ground_.db.read([&](db::Tx& tx) {
    auto user = accounts::find_user_by_id(tx, id);
    if (!user) throw db::Unavailable("an account vanished while it was visited");
    AccountProfile profile{.localpart = std::move(user->account.localpart),
                           .display_name = accounts::find_display_name(tx, id),
                           .threepids = {},
                           .has_password = user->password_hash.has_value()};
    for (auto& listed : accounts::list_threepids(tx, id)) {
      profile.threepids.push_back(std::move(listed.threepid));
    }
    return profile;
  });
}

Task<std::vector<accounts::ListedThreepid>> Overview::threepids(UserId user) {
  co_return co_await ground_.db.read(
      [&](db::Tx& tx) { return accounts::list_threepids(tx, user); });
}

namespace {

std::optional<AccountDevice> one_of(std::vector<AccountDevice> all, std::string_view device_id) {
  const auto found = std::ranges::find(all, device_id, &AccountDevice::id);
  if (found == all.end()) return std::nullopt;
  return std::move(*found);
}

}  // namespace

Task<std::vector<AccountDevice>> Overview::list_devices(UserId user) {
  auto devices = co_await ground_.db.read([&](db::Tx& tx) {
    std::vector<AccountDevice> found;
    for (auto& [device, newest] : list_account_devices(tx, user)) {
      found.push_back(std::move(device));
    }
    return found;
  });
  std::ranges::sort(devices, {}, &AccountDevice::key);
  co_return devices;
}

Task<std::optional<AccountDevice>> Overview::find_device(UserId user, std::string device_id) {
  co_return one_of(co_await list_devices(user), device_id);
}

Task<bool> Overview::ever_had_device(UserId user, std::string device_id) {
  co_return co_await ground_.db.read([&](db::Tx& tx) {
    return sessions::find_device(tx, user, device_id) || sessions::had_device(tx, user, device_id);
  });
}

Task<std::vector<AccountDevice>> Overview::account_devices(UserId user, BrowserSessionId here) {
  auto devices = co_await ground_.db.read([&](db::Tx& tx) {
    std::vector<AccountDevice> found;
    for (auto& [device, newest] : list_account_devices(tx, user)) {
      device.here = device.browser == here;
      if (const auto session = newest ? sessions::find_session(tx, *newest) : std::nullopt) {
        const auto worth = sessions_.standing_of(*session).worth;
        device.signed_out_softly = worth == sessions::Worth::soft;
        device.locked = worth == sessions::Worth::locked;
      }
      found.push_back(std::move(device));
    }
    return found;
  });
  // Those that were never used come last.
  std::ranges::sort(devices, [](const AccountDevice& a, const AccountDevice& b) {
    return a.last_used_at != b.last_used_at ? a.last_used_at > b.last_used_at : a.id < b.id;
  });
  co_return devices;
}

Task<std::optional<AccountDevice>> Overview::account_device(UserId user, BrowserSessionId here,
                                                            std::string device_id) {
  co_return one_of(co_await account_devices(user, here), device_id);
}

Task<std::vector<AccountApp>> Overview::apps(UserId user) {
  co_return co_await ground_.db.read([&](db::Tx& tx) { return list_account_apps(tx, user); });
}

}  // namespace latchkey::self
