#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/accounts/passwords.h"
#include "domain/accounts/threepid.h"
#include "domain/signin/browser_sessions.h"

// What a person does to their own account on its pages (spec "OAuth 2.0 account management"), by a
// browser session instead of a token. The counterpart of own_account.h.
namespace latchkey::self {

// A device as its owner sees it on a page.
struct AccountDevice {
  std::string id;
  std::string display_name;                // empty: none was given
  std::string client;                      // client_id; empty: the legacy API
  std::optional<sessions::Method> method;  // how its newest session signed in
  std::optional<Time> first_used_at;       // of its oldest session that is still known
  std::optional<Time> last_used_at;
  std::string address;
  std::string user_agent;
  std::optional<BrowserSessionId> browser;  // that let its newest session in, on the same machine
  bool here = false;                        // that is the visitor's
  bool signed_out_softly = false;           // waits for the person to sign in again (judge_life)
  bool locked = false;
};

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

enum class WebRefused {
  not_fresh,       // the password has to be given again first
  signed_out,      // the browser session ended meanwhile
  no_such_device,  // not there or not theirs
  wrong_password,
  no_longer_valid,  // a recovery link that was used, replaced or has expired
  busy,             // all hashing threads are taken
};
struct WebBlocked {  // too many wrong passwords
  Duration retry_after;
};
struct WebRefusal {
  std::variant<WebRefused, WebBlocked, accounts::NewPasswordRefused> why;
};
template <class T = void>
using WebResult = std::expected<T, WebRefusal>;

class WebAccount {
 public:
  WebAccount(const Ground& ground, sessions::Sessions& sessions, signin::BrowserSessions& browsers,
             signin::PasswordCheck& checks, accounts::Passwords& passwords)
      : ground_(ground),
        sessions_(sessions),
        browsers_(browsers),
        checks_(checks),
        passwords_(passwords) {}

  Task<AccountProfile> profile(const signin::BrowserSession& who);
  // Spaces around it and control characters go, what is longer than 255 bytes is cut, and of what
  // is no text the one before stays. Empty: none any more. So with the names of devices.
  Task<WebResult<>> set_display_name(const signin::BrowserSession& who, std::string name);

  // The live devices, the last used first.
  Task<std::vector<AccountDevice>> devices(const signin::BrowserSession& who);
  Task<std::optional<AccountDevice>> device(const signin::BrowserSession& who,
                                            std::string device_id);
  // What a live device is called, its ID where it has no name; absent: there is none. Without the
  // others, whose number it does not depend on.
  Task<std::optional<std::string>> name_of_device(const signin::BrowserSession& who,
                                                  std::string device_id);
  Task<WebResult<>> rename_device(const signin::BrowserSession& who, std::string device_id,
                                  std::string name);

  // The apps without a device, the last used first (web_apps.cc).
  Task<std::vector<AccountApp>> apps(const signin::BrowserSession& who);
  // Ends one, which loses nothing. Of what is not the account's nothing happens.
  Task<WebResult<>> end_app(const signin::BrowserSession& who, SessionId app);

  // Destructive: `not_fresh` unless the password was given recently. Each ends tokens for good in
  // one transaction.
  Task<WebResult<>> delete_device(const signin::BrowserSession& who, std::string device_id);
  // All devices, and every browser but this one. Returns how many devices.
  Task<WebResult<std::size_t>> sign_out_everything(const signin::BrowserSession& who);
  Task<WebResult<>> deactivate(const signin::BrowserSession& who, bool erase);

  // Asks for the current password itself, within the limits against guessing. With
  // `logout_devices` (MSC2457) every device is signed out for good that this browser has not let
  // in; other browsers end either way.
  Task<WebResult<>> change_password(const signin::BrowserSession& who, std::string current,
                                    std::string wanted, bool logout_devices);

  // --- recovery (web_password.cc): by a link that an administrator made (recovery_links.h) ---

  // Whose recovery link this is; absent: nobody's, nor one of an account that is locked or
  // deactivated.
  Task<std::optional<sessions::Account>> recovery_account(std::string link);
  // Uses the link up, replaces the password and ends every browser; signs this one in.
  Task<WebResult<signin::BrowserSignedIn>> recover(std::string link, std::string wanted,
                                                   bool logout_devices, sessions::Origin origin);

  // Deletes the links that have expired.
  void purge();

 private:
  enum class Need { signed_in, fresh };
  // The account, locked, unless the browser was signed out meanwhile or needs the password again:
  // what a page has seen may be over by the time its form comes.
  std::expected<accounts::Account, WebRefusal> lock(db::Tx& tx, const signin::BrowserSession& who,
                                                    Need need);
  std::vector<AccountDevice> devices_now(db::Tx& tx, const signin::BrowserSession& who);

  const Ground& ground_;
  sessions::Sessions& sessions_;
  signin::BrowserSessions& browsers_;
  signin::PasswordCheck& checks_;
  accounts::Passwords& passwords_;
};

}  // namespace latchkey::self
