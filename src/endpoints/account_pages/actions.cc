#include "endpoints/account_pages/actions.h"

#include "endpoints/pages/next.h"
#include "platform/http/percent.h"

namespace latchkey::account_pages {
namespace {

constexpr std::string_view kPrefix = "org.matrix.";
constexpr std::string_view kDeactivate = "org.matrix.account_deactivate";
constexpr std::string_view kReset = "org.matrix.cross_signing_reset";
constexpr std::string_view kSupported[] = {
    "org.matrix.profile",
    "org.matrix.devices_list",
    "org.matrix.device_view",
    "org.matrix.device_delete",
    kDeactivate,
    kReset,
};

struct Action {
  std::string_view name;  // without its prefix
  std::string_view path;
  bool of_device = false;
  bool draft = false;  // was in use without the prefix too
};
constexpr Action kActions[] = {
    {.name = "profile", .path = "/account/profile", .draft = true},
    {.name = "devices_list", .path = "/account/devices"},
    {.name = "sessions_list", .path = "/account/devices", .draft = true},
    {.name = "device_view", .path = "/account/device", .of_device = true},
    {.name = "session_view", .path = "/account/device", .of_device = true, .draft = true},
    {.name = "device_delete", .path = "/account/device/delete", .of_device = true},
    {.name = "session_end", .path = "/account/device/delete", .of_device = true, .draft = true},
    {.name = "account_deactivate", .path = "/account/deactivate"},
    {.name = "cross_signing_reset", .path = "/account/cross-signing-reset"},
};

}  // namespace

std::vector<std::string_view> supported_actions(const self::AccountOptions& allowed,
                                                bool homeserver) {
  std::vector<std::string_view> actions(std::begin(kSupported), std::end(kSupported));
  if (!allowed.deactivation) std::erase(actions, kDeactivate);
  // Its page says that nobody is there who could do it.
  if (!homeserver) std::erase(actions, kReset);
  return actions;
}

std::optional<std::string> page_of_action(std::string_view action, std::string_view device_id) {
  const bool prefixed = action.starts_with(kPrefix);
  if (prefixed) action.remove_prefix(kPrefix.size());
  for (const Action& known : kActions) {
    if (known.name != action || !(prefixed || known.draft)) continue;
    if (!known.of_device) return std::string(known.path);
    if (device_id.empty()) return "/account/devices";
    return std::string(known.path) + "?device_id=" + http::percent_encode(device_id);
  }
  return std::nullopt;
}

}  // namespace latchkey::account_pages
