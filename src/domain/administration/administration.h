#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/accounts/audit.h"
#include "domain/accounts/passwords.h"
#include "domain/accounts/recovery_links.h"
#include "domain/accounts/registration_tokens.h"
#include "domain/accounts/threepid_rows.h"
#include "domain/accounts/user_rows.h"
#include "domain/ground/ground.h"
#include "domain/providers/link_rows.h"
#include "domain/sessions/session_rows.h"
#include "domain/sessions/sessions.h"
#include "platform/task.h"

// What operators and administrators do to accounts that are not their own.
//
// An operation finds its account by name, is admitted as an operator's (self/proof.h), which locks
// the row, changes it as everybody's operations do (self/operations.h), and notes in the audit
// (accounts/audit.h) who did it, all in one transaction: what is refused, or changes nothing, is
// not noted. It waits as every request does, for the database and for the pool that hashes
// passwords, and blocks nothing. Why it was refused is data: the command line, an API and pages
// have words of their own for it (endpoints/admin/say.h has those of the command line).
//
// moderation.h is the part of it that administrators have in the Client-Server API: who may do it
// to whom is decided there. Operators may do everything to everybody.
namespace latchkey::self {
class Admitted;
struct Refused;
}  // namespace latchkey::self

namespace latchkey::administration {

using accounts::Operator;

// What is taken against an account, and lifted again.
enum class Measure {
  lock,  // no token of the account is good; all come back afterwards
  suspend,
};
bool holds(const sessions::Account& account, Measure measure);

// Why an operation was not carried out.
struct AdminRefused {
  enum class Why {
    // accounts
    no_such_user,   // of the name `subject`
    not_a_name,     // `subject` cannot be a user's name
    name_taken,     // `subject`
    weak_password,  // `weak` says why
    busy,           // too many passwords wait to be hashed: later
    no_passwords,   // sign-in by password is not enabled
    deactivated,    // the account is
    locked,         // the account is
    already_deactivated,
    already_erased,
    not_deactivated,
    // sessions
    no_such_session,
    session_over,   // ended for good before
    session_ended,  // ended before, for good or softly
    gap_ends_before_it_begins,
    // e-mail addresses and phone numbers, as typed in `subject`
    not_an_email_address,
    not_a_phone_number,
    not_a_medium,   // `subject` is no medium
    address_taken,  // `subject`, in its canonical form
    not_theirs,     // `subject`, in its canonical form, is not one of the user `name`
    // links to identity providers
    link_taken,     // `subject` is an account's already
    no_such_link,   // `subject` is not one of the user `name`
    not_a_subject,  // empty, no text, or too long
    // registration tokens
    not_a_token,       // its text
    not_a_token_name,  // longer than kLongestTokenName, or not a line of text
    token_without_use,
    token_expired_at_once,
    token_exists,
    no_such_token,
    already_revoked,
    // the server itself (upkeep.h)
    upkeep_busy,  // too much waits to be done
    not_done,     // `subject` is a sentence about the key file or the database
  };

  Why why{};
  std::string subject{};
  std::string name{};
  std::optional<accounts::WeakPassword> weak{};

  bool operator==(const AdminRefused&) const = default;
};

inline constexpr std::size_t kLongestTokenName = 100;  // characters

class Administration {
 public:
  template <class T = void>
  using Result = std::expected<T, AdminRefused>;

  // `log` gets a line for each entry in the audit.
  Administration(const Ground& ground, sessions::Sessions& sessions, accounts::Passwords& passwords,
                 std::string server_name, telemetry::Log log)
      : ground_(ground),
        sessions_(sessions),
        passwords_(passwords),
        server_name_(std::move(server_name)),
        log_(std::move(log)) {}

  // --- accounts, by localpart or Matrix ID (administration.cc) ---

  // Returns the full Matrix ID. Without a password nobody signs in with one.
  Task<Result<std::string>> create_user(Operator by, std::string name,
                                        std::optional<std::string> password, bool admin);
  Task<Result<>> set_password(Operator by, std::string name, std::string password);
  // The token of a link with which the person sets a password (recovery_links.h). The only moment
  // at which anybody can read it; the link before it is void.
  Task<Result<accounts::NewRecoveryLink>> recovery_link(Operator by, std::string name,
                                                        Duration lifetime);

  Task<Result<>> lock(Operator by, std::string name);
  Task<Result<>> unlock(Operator by, std::string name);
  Task<Result<>> suspend(Operator by, std::string name);
  Task<Result<>> unsuspend(Operator by, std::string name);
  // See self::deactivate(). A reactivated account needs a new password.
  Task<Result<>> deactivate(Operator by, std::string name, bool erase);
  Task<Result<>> reactivate(Operator by, std::string name);
  Task<Result<>> set_admin(Operator by, std::string name, bool admin);

  // Takes or lifts a measure in `tx`, and notes it; if it holds so already, nothing.
  void set(db::Tx& tx, const Operator& by, self::Admitted& who, Measure measure, bool wanted);

  // --- addresses and phone numbers of accounts (administration.cc) ---

  // As typed; returns the canonical form. The user can sign in with it from now on.
  Task<Result<accounts::Threepid>> add_threepid(Operator by, std::string name, std::string medium,
                                                std::string address);
  Task<Result<accounts::Threepid>> remove_threepid(Operator by, std::string name,
                                                   std::string medium, std::string address);
  Task<Result<std::vector<accounts::ListedThreepid>>> list_threepids(std::string name);

  // --- links to identity providers (administer_links.cc) ---

  // The user signs in with that identity from now on.
  Task<Result<>> link(Operator by, std::string name, std::string provider, std::string subject);
  // Also where it is the last way in: the operator knows another, or makes one.
  Task<Result<>> unlink(Operator by, std::string name, std::string provider, std::string subject);
  Task<Result<std::vector<providers::Link>>> list_links(std::string name);

  // --- sessions (administer_sessions.cc) ---

  struct Listed {
    sessions::ListedSession session;
    sessions::Standing standing;  // of the newest access token
  };
  Task<Result<std::vector<Listed>>> list_sessions(std::string name);
  // Returns how many sessions ended softly.
  Task<Result<std::size_t>> soft_logout_user(Operator by, std::string name);
  // Ends all of a user's sessions for good, with their devices, and signs out the browsers. Returns
  // how many sessions.
  Task<Result<std::size_t>> sign_out_user(Operator by, std::string name);
  // After a restored backup, when nobody can say what was ended since it was made.
  Task<std::size_t> soft_logout_everybody(Operator by);
  Task<Result<>> end_session(Operator by, SessionId id);
  Task<Result<>> soft_logout_session(Operator by, SessionId id);
  // Sessions that began in this span may be missing.
  Task<Result<>> mark_gap(Operator by, Time from, Time to);

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
  Task<Result<CreatedToken>> create_registration_token(Operator by, NewToken wanted);
  struct ListedToken {
    accounts::RegistrationToken token;
    accounts::TokenState state;
  };
  Task<std::vector<ListedToken>> list_registration_tokens();
  Task<Result<>> revoke_registration_token(Operator by, RegistrationTokenId id);

  // --- the audit (administration.cc) ---

  // Notes in `tx` what is done elsewhere, and logs it once that is durable.
  void note(db::Tx& tx, const Operator& by, std::string_view action, std::string_view target,
            std::string_view detail = {});
  // The same in a transaction of its own.
  Task<void> record(Operator by, std::string action, std::string target, std::string detail = {});
  // The newest first; what concerns one user, if one is given.
  Task<Result<std::vector<accounts::audit::Entry>>> list_audit(std::optional<std::string> name,
                                                               std::int64_t limit);

 private:
  using Why = AdminRefused::Why;

  enum class Which { in_use, deactivated_too };

  Task<Result<>> set(Operator by, std::string name, Measure measure, bool wanted);
  // The hash of a password that may become the new one of the user of that localpart.
  Task<Result<std::string>> hash_new(std::string password, std::string localpart);
  std::optional<accounts::User> find(db::Tx& tx, std::string_view name);
  // The account of that name, locked.
  Result<self::Admitted> admit(db::Tx& tx, std::string_view name, Which which);
  std::string target(const sessions::Account& account) const;

  static std::unexpected<AdminRefused> refuse(Why why, std::string_view subject = {},
                                              std::string_view name = {});
  static std::unexpected<AdminRefused> refuse(const self::Refused& refused);

  const Ground& ground_;
  sessions::Sessions& sessions_;
  accounts::Passwords& passwords_;
  const std::string server_name_;
  const telemetry::Log log_;
};

}  // namespace latchkey::administration
