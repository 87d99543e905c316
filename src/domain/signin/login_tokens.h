#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "domain/ground/batches.h"
#include "domain/sessions/sessions.h"
#include "domain/signin/browser_sessions.h"
#include "platform/config/bounds.h"

namespace latchkey::signin {

// The options of `login_tokens:`.
struct LoginTokenOptions {
  bool enabled = true;
  Duration lifetime = std::chrono::minutes{2};

  template <class Visitor>
  void options(Visitor& visit) {
    using namespace std::chrono_literals;
    visit("enabled", enabled,
          "Whether a person who is signed in may sign in another client by a token "
          "(POST /login/get_token, m.login.token).");
    visit("lifetime", lifetime, "How long such a token may be used, once.",
          config::Between{5s, 1h});
  }
};

// Login tokens (spec "POST /login/get_token"): random, with records of their own. A token dies
// with the session that asked for it, so that whoever changes the password or signs a device out
// has not left a way in.
class LoginTokens {
 public:
  LoginTokens(const Ground& ground, const LoginTokenOptions& options)
      : ground_(ground), options_(options) {}

  bool enabled() const { return options_.enabled; }
  Duration lifetime() const { return options_.lifetime; }

  // A token for the holder of `session`, written in the caller's transaction.
  std::string make(db::Tx& tx, SessionId session);

  // A token with which an app signs in that has sent its person to the browser (spec "Client login
  // via SSO"); it dies with the browser session. Absent: that is over already.
  Task<std::optional<std::string>> make_for_browser(const BrowserSession& browser);

  struct Taken {
    sessions::Account account;                // that it signs in, locked
    std::optional<BrowserSessionId> browser;  // where it was made; absent: by a client
  };
  // Uses the token up. Absent: it is not good, any more or ever.
  std::optional<Taken> take(db::Tx& tx, std::string_view token);

  // Deletes what has expired.
  void purge(const Batches& batches = {});

 private:
  std::optional<sessions::Account> lock_holder(db::Tx& tx, SessionId session);

  const Ground& ground_;
  const LoginTokenOptions options_;
};

// Those that a browser has made and nobody has used yet.
void delete_login_tokens_of(db::Tx& tx, BrowserSessionId browser);

}  // namespace latchkey::signin
