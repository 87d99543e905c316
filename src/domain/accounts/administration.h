#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "domain/accounts/passwords.h"
#include "domain/accounts/user_rows.h"
#include "domain/sessions/session_rows.h"
#include "domain/sessions/sessions.h"

namespace latchkey::accounts {

// What an administrator does to accounts and sessions, by name. Blocking: for the command line
// and its socket. A refusal is a sentence.
class Administration {
 public:
  using Sentence = std::string;
  template <class T = void>
  using Result = std::expected<T, Sentence>;

  Administration(sessions::Sessions& sessions, const Passwords& passwords, std::string server_name)
      : sessions_(sessions), passwords_(passwords), server_name_(std::move(server_name)) {}

  // Returns the full Matrix ID.
  Result<std::string> create_user(std::string_view name, std::string_view password, bool admin);
  Result<> set_password(std::string_view name, std::string_view password);

  // Locked: no token of the account is good, all come back with unlock.
  Result<> lock(std::string_view name);
  Result<> unlock(std::string_view name);
  Result<> suspend(std::string_view name);
  Result<> unsuspend(std::string_view name);
  // Ends every session for good and forgets the password. A reactivated account needs a new one.
  Result<> deactivate(std::string_view name);
  Result<> reactivate(std::string_view name);
  Result<> set_admin(std::string_view name, bool admin);

  struct Listed {
    sessions::ListedSession session;
    sessions::Standing standing;  // of the newest access token
  };
  Result<std::vector<Listed>> list_sessions(std::string_view name);
  // Returns how many sessions ended softly.
  Result<std::size_t> soft_logout_user(std::string_view name);
  // After a restored backup, when nobody can say what was ended since it was made.
  std::size_t soft_logout_everybody();
  Result<> end_session(sessions::SessionId id);
  Result<> soft_logout_session(sessions::SessionId id);
  void mark_gap(Time from, Time to);

 private:
  template <class Change>
  Result<> change_account(std::string_view name, Change change);

  sessions::Sessions& sessions_;
  const Passwords& passwords_;
  const std::string server_name_;
};

}  // namespace latchkey::accounts
