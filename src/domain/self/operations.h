#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/accounts/passwords.h"
#include "domain/ground/batches.h"
#include "domain/self/account_options.h"
#include "domain/self/proof.h"
#include "domain/signin/login_tokens.h"

namespace latchkey::self {

template <class T = void>
using Result = std::expected<T, Refused>;

// --- the changes themselves, in a transaction that has admitted a proof ---

// Ends every session for good that the proof does not let go on, if `logout_devices` (MSC2457), and
// browsers either way.
void replace_password(db::Tx& tx, const Ground& ground, sessions::Sessions& sessions,
                      const Admitted& who, const std::string& hash, bool logout_devices);
// Ends every session for good and gives its addresses back; the name stays taken. The password's
// hash stays, so that who knows the password can be told why it is not taken (M_USER_DEACTIVATED).
// With `erase` it goes, and with it what is kept of the person's devices: their names and where
// they were used. An account that is deactivated already can still be erased.
void deactivate(db::Tx& tx, const Ground& ground, sessions::Sessions& sessions, Admitted& who,
                bool erase);
// The hash of a password, unless it may not become the account's.
Task<Result<std::string>> hash_new(accounts::Passwords& passwords, std::string wanted,
                                   std::string localpart);

// What can be done to an account. Each operation admits its proof (proof.h) and makes its change in
// one transaction.
class Operations {
 public:
  struct Parts {
    const Ground& ground;
    sessions::Sessions& sessions;
    confirm::InteractiveAuth& auth;
    signin::BrowserSessions& browsers;
    signin::PasswordCheck& checks;
    accounts::Passwords& passwords;
    signin::LoginTokens& login_tokens;
    AccountOptions options = {};
  };
  explicit Operations(const Parts& parts)
      : parts_(parts), admission_(parts.ground, parts.sessions, parts.auth, parts.browsers) {}

  // What people may do themselves; what is asked for all the same is refused as switched_off.
  const AccountOptions& allowed() const { return parts_.options; }
  // The characters that each new password has to have.
  const accounts::CharacterClasses& required_characters() const {
    return parts_.passwords.required();
  }
  // Whether people sign in with passwords at all, this server's or a directory's.
  bool passwords_offered() const { return parts_.checks.enabled(); }
  // Whether with this server's own.
  bool own_passwords_offered() const { return parts_.passwords.enabled(); }
  // Whether they may replace theirs, if they have one.
  bool password_change_offered() const {
    return parts_.options.password_change && own_passwords_offered();
  }
  // What else it has to be, so that a form can say it before.
  std::size_t shortest_password() const { return parts_.passwords.minimum_length(); }
  bool judges_guessability() const { return parts_.passwords.judges_guessability(); }
  // What is seen of a new password at once.
  std::optional<accounts::WeakPassword> refuse_form(std::string_view password) const {
    return parts_.passwords.refuse_form(password);
  }
  // How long devices are kept that nobody uses; absent: always.
  Limit unused_devices_kept() const { return parts_.sessions.policy().delete_unused_devices_after; }

  // --- the password (password.cc) ---

  // Why a password may not become the account's; absent: it may.
  Task<std::optional<accounts::NewPasswordRefused>> refuse_password(std::string password,
                                                                    std::string localpart) {
    return parts_.passwords.refuse_new(std::move(password), std::move(localpart));
  }
  // That the account's password is a directory's alone, and where it is changed; absent: it is not.
  Task<std::optional<Refused>> password_elsewhere(UserId user);
  // Of a client or a service, for a password that refuse_password() did not refuse before its
  // person was asked to confirm.
  Task<Result<>> change_password(Proof proof, std::string wanted, bool logout_devices);
  // On a page: asks for the current password itself, within the limits against guessing. The new
  // one has to be another: who changes it believes that the old one is over.
  Task<Result<>> change_password(signin::BrowserSession who, std::string current,
                                 std::string wanted, bool logout_devices);

  // Whether it is the account's password, within the limits against guessing: for a form in which
  // something else is wrong already, so that all of it can be said at once.
  Task<Result<>> check_password(const signin::BrowserSession& who, std::string current);

  // Whose recovery link this is; absent: nobody's, nor one of an account that is locked or
  // deactivated.
  Task<std::optional<sessions::Account>> recovery_account(std::string link);
  // Uses the link up, replaces the password and ends every browser; signs this one in.
  Task<Result<signin::BrowserSignedIn>> recover(std::string link, std::string wanted,
                                                bool logout_devices, sessions::Origin origin);
  // Deletes the links that have expired.
  void purge(const Batches& batches = {});

  // --- what ends (operations.cc): a browser has to be fresh ---

  // `erase` also forgets what is personal.
  Task<Result<>> deactivate(Proof proof, bool erase);
  // Returns how many were there; the others are deleted already, or somebody else's.
  Task<Result<std::size_t>> delete_devices(Proof proof, std::vector<std::string> device_ids);
  // All devices, and every browser but the visitor's. Returns how many devices.
  Task<Result<std::size_t>> sign_out_everywhere(Proof proof);
  // Lets the person replace the keys of their encryption identity in a client, which the homeserver
  // has to hear of (domain/homeserver).
  Task<Result<>> allow_cross_signing_reset(Proof proof);
  // A token with which the person signs in another client (POST /login/get_token). It lives as long
  // as the session that asks.
  Task<Result<std::string>> make_login_token(ClientProof proof);

  // --- what can be undone (operations.cc): a browser has to be signed in ---

  // Spaces around a name and control characters go, what is longer than 255 bytes is cut, and of
  // what is no text the name before stays. Empty: none.
  Task<Result<>> set_display_name(Proof proof, std::string name);
  Task<Result<>> rename_device(Proof proof, std::string device_id, std::string name);
  // Ends a session without a device, which loses nothing. Of what is not the account's nothing
  // happens.
  Task<Result<>> end_app(Proof proof, SessionId app);

  // PUT /devices/{deviceId}, for which a client's token is enough. Without a name nothing changes.
  // Only an application service creates (MSC4190).
  enum class Put { updated, created, no_such_device, too_many };
  Task<Put> put_device(signin::Caller who, std::string device_id,
                       std::optional<std::string> display_name);

 private:
  // Runs `change` in a transaction that has admitted the proof.
  template <class T = void, class Change>
  Task<Result<T>> admitted(const Proof& proof, Need need, Change change);

  const Parts parts_;
  const Admission admission_;
};

// Runs `change(tx, admitted)`, which returns a Result<T>.
template <class T, class Change>
Task<Result<T>> Operations::admitted(const Proof& proof, Need need, Change change) {
  co_return co_await parts_.ground.db.write([&](db::Tx& tx) -> Result<T> {
    auto who = admission_.admit(tx, proof, need);
    if (!who) return std::unexpected(who.error());
    return change(tx, *who);
  });
}

}  // namespace latchkey::self
