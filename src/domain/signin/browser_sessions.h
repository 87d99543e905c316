#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ground/batches.h"
#include "domain/sessions/origin.h"
#include "domain/sessions/sessions.h"
#include "domain/signin/authentication.h"
#include "domain/signin/identifier.h"
#include "domain/signin/password_check.h"
#include "platform/config/bounds.h"

// The browsers in which people are signed in to the pages of this server. Not sessions of the
// Client-Server API: they hold no device and no keys, and ending one loses nothing.
namespace latchkey::signin {

// The options of `browser_sessions:`.
struct BrowserSessionOptions {
  Duration maximum_idle = std::chrono::hours{24 * 14};
  Duration maximum_age = std::chrono::hours{24 * 90};
  Duration fresh = std::chrono::minutes{5};

  template <class Visitor>
  void options(Visitor& visit) {
    using namespace std::chrono_literals;
    visit("maximum_idle", maximum_idle,
          "How long a browser stays signed in to the account pages without being used.",
          config::Between{1min, 24h * 365});
    visit("maximum_age", maximum_age,
          "How long a browser stays signed in to the account pages at most.",
          config::Between{1min, 24h * 3650});
    visit("fresh", fresh,
          "For how long after the password was given a page that destroys something does not ask "
          "for it again.",
          config::Between{10s, 1h});
  }
};

struct BrowserSession {
  BrowserSessionId id{};
  sessions::Account account;
  Time created_at;
  Authentication authenticated;  // last
  Time last_active_at;
  sessions::Origin origin;           // of its last use
  std::optional<Time> ends_at = {};  // at the latest, as the provider wants it that signed it in
};

// Whether the browser has to sign in again: it was idle or signed in for too long, or a clock was
// set back to before it did either.
bool past_a_limit(const BrowserSession& session, const BrowserSessionOptions& options, Time now);

// What a browser is handed: the cookie's value, which is nowhere kept. After its last '.' it names
// the account, for the forms of the pages (endpoints/pages/visit.h): nobody is signed in by that.
struct BrowserSignedIn {
  std::string cookie;
  BrowserSession session;
};

class BrowserSessions {
 public:
  BrowserSessions(const Ground& ground, sessions::Sessions& sessions, PasswordCheck& passwords,
                  const BrowserSessionOptions& options)
      : ground_(ground), sessions_(sessions), passwords_(passwords), options_(options) {}

  const BrowserSessionOptions& options() const { return options_; }

  // Whose browser this is; absent: nobody's, any more or ever (unknown, past a limit, the account
  // deactivated or locked). Notes its use, at most once a minute.
  Task<std::optional<BrowserSession>> find(std::string_view cookie, sessions::Origin origin);

  // Signs a browser in with a password, always under a new cookie (no session fixation). If it is
  // signed in to the same account already its session goes on, with what it has let in; one of
  // another account ends. `previous` is the cookie it held before; may be empty or garbage.
  Task<std::expected<BrowserSignedIn, LoginRefused>> sign_in(Identifier who, std::string password,
                                                             sessions::Origin origin,
                                                             std::string_view previous);

  // The same for an account that has just been made or recovered on a page, with the caller's
  // transaction.
  BrowserSignedIn begin(db::Tx& tx, const sessions::Account& account,
                        const sessions::Origin& origin, AuthMethod by = AuthMethod::password);
  // The same for somebody who was authenticated otherwise, just now, with the caller's transaction
  // that has locked the account. Or why nobody signs in to it.
  std::expected<BrowserSignedIn, LoginRefused> sign_in_by(db::Tx& tx,
                                                          const sessions::Account& account,
                                                          const sessions::Origin& origin,
                                                          std::string_view previous, AuthMethod by);

  // Gives the password again: on success the session counts as fresh, under a new cookie. One that
  // ended meanwhile begins anew.
  Task<std::expected<BrowserSignedIn, LoginRefused>> reauthenticate(const BrowserSession& session,
                                                                    std::string password,
                                                                    std::string address);

  // Whether its person was authenticated recently enough to destroy something.
  bool fresh(const BrowserSession& session) const;

  // Whether a limit is over: the row may still be there.
  bool over(const BrowserSession& session) const;

  // The account's browsers that are signed in, the last used first.
  Task<std::vector<BrowserSession>> list(UserId user);
  Task<void> end(UserId user, BrowserSessionId id);

  // Deletes what is past a limit.
  void purge(const Batches& batches = {});

 private:
  // `change` gets the transaction and the account, locked, once the password was right.
  template <class Change>
  Task<std::expected<BrowserSignedIn, LoginRefused>> with_password(Identifier who,
                                                                   std::string password,
                                                                   std::string address,
                                                                   Change change);

  // The session under a new cookie, its person authenticated just now; begins anew when it is over.
  BrowserSignedIn renew(db::Tx& tx, BrowserSession session, const sessions::Account& account,
                        AuthMethod by);
  // A browser that held that cookie is signed in to the account.
  BrowserSignedIn enter(db::Tx& tx, const sessions::Account& account,
                        const sessions::Origin& origin, std::string_view previous, AuthMethod by);

  const Ground& ground_;
  sessions::Sessions& sessions_;
  PasswordCheck& passwords_;
  const BrowserSessionOptions options_;
};

}  // namespace latchkey::signin
