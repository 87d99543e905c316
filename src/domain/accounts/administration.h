#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "domain/accounts/audit.h"
#include "domain/accounts/passwords.h"
#include "domain/accounts/recovery_links.h"
#include "domain/accounts/registration_tokens.h"
#include "domain/accounts/threepid_rows.h"
#include "domain/accounts/user_rows.h"
#include "domain/sessions/session_rows.h"
#include "domain/sessions/sessions.h"

namespace latchkey::accounts {

// What an administrator does to accounts, sessions and registration tokens. Blocking: for the
// command line and its socket. A refusal is a sentence. What changed something is noted in the
// audit, in the same transaction, and logged.
class Administration {
 public:
  using Sentence = std::string;
  template <class T = void>
  using Result = std::expected<T, Sentence>;

  Administration(const Ground& ground, sessions::Sessions& sessions, const Passwords& passwords,
                 std::string server_name, telemetry::Log log)
      : ground_(ground),
        sessions_(sessions),
        passwords_(passwords),
        server_name_(std::move(server_name)),
        log_(std::move(log)) {}

  // --- accounts, by name (administration.cc) ---

  // Returns the full Matrix ID. Without a password nobody signs in with one.
  Result<std::string> create_user(const Operator& by, std::string_view name,
                                  const std::optional<std::string>& password, bool admin);
  Result<> set_password(const Operator& by, std::string_view name, std::string_view password);
  // The token of a link with which the person sets a password (recovery_links.h). The only moment
  // at which anybody can read it; the link before it is void.
  Result<NewRecoveryLink> recovery_link(const Operator& by, std::string_view name,
                                        Duration lifetime);

  // Locked: no token of the account is good, all come back with unlock.
  Result<> lock(const Operator& by, std::string_view name);
  Result<> unlock(const Operator& by, std::string_view name);
  Result<> suspend(const Operator& by, std::string_view name);
  Result<> unsuspend(const Operator& by, std::string_view name);
  // See deactivate_account.h. A reactivated account needs a new password.
  Result<> deactivate(const Operator& by, std::string_view name, bool erase);
  Result<> reactivate(const Operator& by, std::string_view name);
  Result<> set_admin(const Operator& by, std::string_view name, bool admin);

  // --- sessions (administer_sessions.cc) ---

  struct Listed {
    sessions::ListedSession session;
    sessions::Standing standing;  // of the newest access token
  };
  Result<std::vector<Listed>> list_sessions(std::string_view name);
  // Returns how many sessions ended softly.
  Result<std::size_t> soft_logout_user(const Operator& by, std::string_view name);
  // After a restored backup, when nobody can say what was ended since it was made.
  std::size_t soft_logout_everybody(const Operator& by);
  Result<> end_session(const Operator& by, SessionId id);
  Result<> soft_logout_session(const Operator& by, SessionId id);
  void mark_gap(const Operator& by, Time from, Time to);

  // --- addresses and phone numbers (administer_threepids.cc) ---

  // As typed; returns the canonical form. Absent of a refusal: the user can sign in with it.
  Result<Threepid> add_threepid(const Operator& by, std::string_view name, std::string_view medium,
                                std::string_view address);
  Result<Threepid> remove_threepid(const Operator& by, std::string_view name,
                                   std::string_view medium, std::string_view address);
  Result<std::vector<ListedThreepid>> list_threepids(std::string_view name);

  // --- registration tokens (administer_registration_tokens.cc) ---

  struct NewToken {
    std::optional<std::string> text{};  // absent: one is made
    std::string name{};
    std::optional<std::int64_t> uses_allowed{};
    std::optional<Duration> lifetime{};
  };
  // The only moment at which anybody can read the text.
  struct CreatedToken {
    RegistrationTokenId id;
    std::string text;
  };
  Result<CreatedToken> create_registration_token(const Operator& by, const NewToken& wanted);
  struct ListedToken {
    RegistrationToken token;
    TokenState state;
  };
  std::vector<ListedToken> list_registration_tokens();
  Result<> revoke_registration_token(const Operator& by, RegistrationTokenId id);

  // --- the audit (administration.cc) ---

  // Also for what is done elsewhere: notes it in `tx` and logs it when that is durable.
  void note(db::Tx& tx, const Operator& by, std::string_view action, std::string_view target,
            std::string_view detail = {});
  // The same in a transaction of its own.
  void note_now(const Operator& by, std::string_view action, std::string_view target,
                std::string_view detail = {});
  // The newest first; what concerns one user, if one is given.
  Result<std::vector<audit::Entry>> list_audit(const std::optional<std::string>& name,
                                               std::int64_t limit);

 private:
  template <class Change>
  Result<> change_account(const Operator& by, std::string_view action, std::string_view name,
                          Change change, std::string_view detail = {});
  std::optional<User> find(db::Tx& tx, std::string_view name);
  // The user's row, locked; absent when there is none of that name.
  std::optional<User> find_locked(db::Tx& tx, std::string_view name);
  std::string target(const Account& account) const;

  static std::unexpected<Sentence> fail(Sentence sentence);
  static std::unexpected<Sentence> no_such_user(std::string_view name);

  const Ground& ground_;
  sessions::Sessions& sessions_;
  const Passwords& passwords_;
  const std::string server_name_;
  const telemetry::Log log_;
};

}  // namespace latchkey::accounts
