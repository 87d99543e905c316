#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "domain/accounts/threepid_rows.h"
#include "domain/sessions/devices.h"
#include "domain/sessions/sessions.h"

// What an account looks like to its person: nothing here changes anything.
namespace latchkey::self {

// A device as its owner sees it on a page.
struct AccountDevice : sessions::Device {
  std::string client;                      // client_id; empty: the legacy API
  std::optional<sessions::Method> method;  // how its newest session signed in
  std::optional<Time> first_used_at;       // of its oldest session that is still known
  std::optional<Time> last_used_at;
  std::string address;
  std::string user_agent;
  std::optional<BrowserSessionId> browser;  // that let its newest session in, on the same machine
  // The identity provider by which that browser was signed in, as people know it: for the pages to
  // fill in, as `client`. Empty: none.
  std::string provider = {};
  bool here = false;               // that is the visitor's
  bool signed_out_softly = false;  // waits for the person to sign in again (judge_life)
  bool locked = false;
};

// Whether it was not used for so long that its person may sign it out with others like it. Never
// one that the visitor's browser has let in.
inline constexpr std::chrono::days kUnusedFor{90};
bool long_unused(const AccountDevice& device, Time now);

// A session without a Matrix scope: an app that knows who the person is, and can do no more.
struct AccountApp {
  SessionId id{};
  std::string client;  // client_id
  Time last_used_at;
};

struct AccountProfile {
  std::string localpart;
  std::string display_name;  // empty: none
  std::vector<accounts::Threepid> threepids;
  bool has_password = false;
};

class Overview {
 public:
  Overview(const Ground& ground, const sessions::Sessions& sessions)
      : ground_(ground), sessions_(sessions) {}

  Task<AccountProfile> profile(UserId user);
  // The oldest first.
  Task<std::vector<accounts::ListedThreepid>> threepids(UserId user);

  // --- devices, as the Client-Server API lists them: without what their sessions are worth ---

  // The live devices, the oldest first.
  Task<std::vector<AccountDevice>> list_devices(UserId user);
  // Absent: the user has no device of this ID; another's is none of theirs.
  Task<std::optional<AccountDevice>> find_device(UserId user, std::string device_id);
  // Whether the user has such a device, or had one that is deleted now.
  Task<bool> ever_had_device(UserId user, std::string device_id);

  // --- devices and apps, as the account pages show them ---

  // The live devices, the last used first. `here`: the visitor's browser.
  Task<std::vector<AccountDevice>> account_devices(UserId user, BrowserSessionId here);
  Task<std::optional<AccountDevice>> account_device(UserId user, BrowserSessionId here,
                                                    std::string device_id);
  // The apps without a device, the last used first.
  Task<std::vector<AccountApp>> apps(UserId user);

 private:
  const Ground& ground_;
  const sessions::Sessions& sessions_;
};

}  // namespace latchkey::self
