#include "domain/self/web_account.h"

#include <algorithm>
#include <utility>

#include "domain/accounts/account_changes.h"
#include "domain/accounts/deactivate_account.h"
#include "domain/accounts/threepid_rows.h"
#include "domain/self/web_account_rows.h"
#include "domain/sessions/devices.h"
#include "domain/sessions/session_rows.h"
#include "domain/signin/browser_session_rows.h"
#include "platform/text/utf8.h"

namespace latchkey::self {
namespace {

using sessions::EndReason;

constexpr std::size_t kLongestName = 255;  // bytes

std::unexpected<WebRefusal> refuse(WebRefused why) { return std::unexpected(WebRefusal{why}); }

// A name as it is kept; absent: it is no text.
std::optional<std::string> clean_name(std::string_view typed) {
  if (!text::valid_utf8(typed)) return std::nullopt;
  std::string name;
  for (const char c : typed) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) name += c;
  }
  const auto begin = name.find_first_not_of(' ');
  if (begin == std::string::npos) return "";
  name.erase(0, begin);
  name.resize(text::truncate_utf8(name, kLongestName).size());
  name.erase(name.find_last_not_of(' ') + 1);
  return name;
}

}  // namespace

std::expected<accounts::Account, WebRefusal> WebAccount::lock(db::Tx& tx,
                                                              const signin::BrowserSession& who,
                                                              Need need) {
  auto account = sessions::lock_account(tx, who.account.id);
  // Read under the account's lock, which whoever ends browsers holds.
  const auto browser = signin::find_browser_by_id(tx, who.id);
  if (!account || !browser || browser->account.id != account->id || browsers_.over(*browser) ||
      sessions::judge_account(*account)) {
    return refuse(WebRefused::signed_out);
  }
  if (need == Need::fresh && !browsers_.fresh(*browser)) return refuse(WebRefused::not_fresh);
  return std::move(*account);
}

Task<AccountProfile> WebAccount::profile(const signin::BrowserSession& who) {
  co_return co_await ground_.db.read([&](db::Tx& tx) {
    const auto user = accounts::find_user_by_id(tx, who.account.id);
    AccountProfile profile{.localpart = who.account.localpart,
                           .display_name = accounts::find_display_name(tx, who.account.id),
                           .threepids = {},
                           .has_password = user && user->password_hash};
    for (auto& listed : accounts::list_threepids(tx, who.account.id)) {
      profile.threepids.push_back(std::move(listed.threepid));
    }
    return profile;
  });
}

Task<WebResult<>> WebAccount::set_display_name(const signin::BrowserSession& who,
                                               std::string name) {
  const auto clean = clean_name(name);
  co_return co_await ground_.db.write([&](db::Tx& tx) -> WebResult<> {
    const auto account = lock(tx, who, Need::signed_in);
    if (!account) return std::unexpected(account.error());
    if (!clean) return {};
    accounts::change_display_name(tx, ground_.events, account->id,
                                  clean->empty() ? std::nullopt : clean);
    return {};
  });
}

std::vector<AccountDevice> WebAccount::devices_now(db::Tx& tx, const signin::BrowserSession& who) {
  std::vector<AccountDevice> devices;
  for (auto& [device, newest] : list_account_devices(tx, who.account.id)) {
    device.here = device.browser == who.id;
    if (const auto session = newest ? sessions::find_session(tx, *newest) : std::nullopt) {
      const auto worth = sessions_.standing_of(*session).worth;
      device.signed_out_softly = worth == sessions::Worth::soft;
      device.locked = worth == sessions::Worth::locked;
    }
    devices.push_back(std::move(device));
  }
  // Those that were never used come last.
  std::ranges::sort(devices, [](const AccountDevice& a, const AccountDevice& b) {
    return a.last_used_at != b.last_used_at ? a.last_used_at > b.last_used_at : a.id < b.id;
  });
  return devices;
}

Task<std::vector<AccountDevice>> WebAccount::devices(const signin::BrowserSession& who) {
  co_return co_await ground_.db.read([&](db::Tx& tx) { return devices_now(tx, who); });
}

Task<std::optional<AccountDevice>> WebAccount::device(const signin::BrowserSession& who,
                                                      std::string device_id) {
  auto all = co_await devices(who);
  const auto found = std::ranges::find(all, device_id, &AccountDevice::id);
  if (found == all.end()) co_return std::nullopt;
  co_return std::move(*found);
}

Task<std::optional<std::string>> WebAccount::name_of_device(const signin::BrowserSession& who,
                                                            std::string device_id) {
  auto device = co_await ground_.db.read(
      [&](db::Tx& tx) { return sessions::find_device_details(tx, who.account.id, device_id); });
  if (!device) co_return std::nullopt;
  co_return device->display_name.empty() ? std::move(device->id) : std::move(device->display_name);
}

Task<WebResult<>> WebAccount::rename_device(const signin::BrowserSession& who,
                                            std::string device_id, std::string name) {
  const auto clean = clean_name(name);
  co_return co_await ground_.db.write([&](db::Tx& tx) -> WebResult<> {
    const auto account = lock(tx, who, Need::signed_in);
    if (!account) return std::unexpected(account.error());
    const auto device = sessions::find_device(tx, account->id, device_id);
    if (!device) return refuse(WebRefused::no_such_device);
    if (clean) sessions::rename_device(tx, ground_.events, *device, *clean);
    return {};
  });
}

Task<WebResult<>> WebAccount::delete_device(const signin::BrowserSession& who,
                                            std::string device_id) {
  co_return co_await ground_.db.write([&](db::Tx& tx) -> WebResult<> {
    const auto account = lock(tx, who, Need::fresh);
    if (!account) return std::unexpected(account.error());
    const auto device = sessions::find_device(tx, account->id, device_id);
    if (!device) return refuse(WebRefused::no_such_device);
    sessions_.end_device(tx, *device, EndReason::device_deleted);
    return {};
  });
}

Task<WebResult<std::size_t>> WebAccount::sign_out_everything(const signin::BrowserSession& who) {
  co_return co_await ground_.db.write([&](db::Tx& tx) -> WebResult<std::size_t> {
    const auto account = lock(tx, who, Need::fresh);
    if (!account) return std::unexpected(account.error());
    const auto devices = static_cast<std::size_t>(sessions::count_devices(tx, account->id));
    sessions_.end_all_of(tx, account->id, EndReason::logout_all, who.id);
    return devices;
  });
}

Task<WebResult<>> WebAccount::deactivate(const signin::BrowserSession& who, bool erase) {
  co_return co_await ground_.db.write([&](db::Tx& tx) -> WebResult<> {
    auto account = lock(tx, who, Need::fresh);
    if (!account) return std::unexpected(account.error());
    accounts::deactivate_account(tx, ground_, sessions_, *account, erase);
    return {};
  });
}

}  // namespace latchkey::self
