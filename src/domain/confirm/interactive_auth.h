#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/confirm/auth_flow.h"
#include "domain/confirm/auth_session_rows.h"
#include "domain/ground/batches.h"
#include "domain/signin/authentication.h"
#include "domain/signin/password_check.h"
#include "platform/config/bounds.h"

// User-interactive authentication (spec "User-Interactive Authentication API"): one engine for
// every endpoint that asks a person to confirm who they are.
//
// A session remembers what its requests have sent, so that a later one may leave it out. Until the
// first stage is passed, members may be added and changed; from then on what the person confirms is
// fixed. At registration it stays open: there is nobody yet whom a change could harm.
namespace latchkey::confirm {

// The options of `interactive_auth:`.
struct InteractiveAuthOptions {
  Duration lifetime = std::chrono::minutes{15};

  template <class Visitor>
  void options(Visitor& visit) {
    using namespace std::chrono_literals;
    visit("lifetime", lifetime,
          "How long a person may take to confirm who they are (password, terms, …).",
          config::Between{10s, 24h});
  }
};

// What a request asks authentication for. A session serves the operation and the user that it was
// opened for, and no others.
struct AuthRequest {
  struct Subject {
    UserId id;
    std::string localpart;
  };
  std::string operation;           // "POST /account/password"
  std::optional<Subject> subject;  // absent: registration
  boost::json::object body;        // without `auth`
  std::string address;
};

// The `auth` of a request.
struct AuthData {
  std::optional<std::string> session = {};
  std::optional<std::string> type = {};
  // Of m.login.password: the subject's own, if given.
  std::optional<signin::Identifier> identifier = {};
  std::string password = {};
  std::string token = {};  // m.login.registration_token
};

enum class AuthFailure {
  wrong_password,
  wrong_token,
  not_confirmed,  // at the provider: that is done on the stage's page, and nothing can be sent for
                  // it
  stage_unknown,
  stage_out_of_turn,
  session_over,  // unknown, expired, used, or of another request: the challenge begins a new one
  another_operation,  // the session is of another one
  another_user,       // whom the stage names: their password confirms nothing here
};

// What a client is told that has to go on (401).
struct Challenge {
  std::vector<AuthFlow> flows;
  AuthFlow completed;
  std::string session;
  std::optional<AuthFailure> failure;
};

struct NoFlow {};  // the user has nothing to confirm with

using AuthRefused = std::variant<Challenge, signin::LoginRefused, NoFlow>;

// All stages are passed. To be redeemed in the transaction of the operation.
struct AuthPassed {
  std::optional<std::string> hash = {};          // of the session, if there was one
  std::optional<UserId> subject = {};            // who confirmed; absent: registration
  std::optional<signin::CheckedUser> user = {};  // whose password was checked in this request
  std::optional<RegistrationTokenId> registration_token = {};
  bool terms = false;
};

class InteractiveAuth {
 public:
  InteractiveAuth(const Ground& ground, sessions::Sessions& sessions,
                  signin::PasswordCheck& passwords, limits::AttemptLimits& limits,
                  const InteractiveAuthOptions& options, std::vector<AuthFlow> registration_flows)
      : ground_(ground),
        sessions_(sessions),
        passwords_(passwords),
        limits_(limits),
        options_(options),
        registration_flows_(std::move(registration_flows)) {}

  // Puts into the body what it leaves out and the session remembers. False: the session is of
  // another operation.
  Task<bool> recall(AuthRequest& request, const std::optional<std::string>& session_id);

  Task<std::expected<AuthPassed, AuthRefused>> check(const AuthRequest& request,
                                                     std::optional<AuthData> data);

  // Whether the user has anything to confirm with.
  Task<bool> can_confirm(UserId user);

  // Uses it up, the subject's account being locked. False: another request was faster, or the
  // password was changed meanwhile, and the operation must not happen. Throws std::logic_error
  // unless it is the subject (absent: registration) that has confirmed.
  bool redeem(db::Tx& tx, std::optional<UserId> subject, const AuthPassed& passed);

  // Ends the session of a request that can never happen as it stands: what it holds is free again.
  Task<void> give_up(const AuthPassed& passed);
  // The same, but the session may go on with another body, from its first stage.
  Task<void> start_over(const AuthPassed& passed);

  // The challenge of a session begun anew, after redeem() was false.
  Task<AuthRefused> begin_anew(const AuthRequest& request);

  // --- for the fallback pages (spec "Fallback"), which know the session alone ---

  struct Page {
    std::string operation;
    std::string localpart;            // empty: registration
    std::optional<UserId> user = {};  // whose; absent: registration
    Turn turn;                        // of the stage that was asked about
  };
  // Absent: there is no such session.
  Task<std::optional<Page>> look(const std::string& session_id, Stage stage);
  // Passes one stage and keeps it. Absent: passed.
  Task<std::optional<std::variant<AuthFailure, signin::LoginRefused>>> pass(
      const std::string& session_id, Stage stage, const AuthData& data, const std::string& address);

  // Passes m.login.sso (spec "Single Sign-On" of user-interactive authentication): the user has
  // just proved at a provider of theirs that it is them. With the caller's transaction, which has
  // locked the account. False: the session is over, or is not theirs.
  bool pass_sso(db::Tx& tx, const std::string& session_id, UserId user);

  // Deletes what has expired.
  void purge(const Batches& batches = {});

 private:
  using Subject = AuthRequest::Subject;
  using StageRefused = std::variant<AuthFailure, signin::LoginRefused>;
  // A session under way, stored or not.
  struct Open {
    std::string id;
    AuthSession session;
    std::optional<Subject> subject;
    std::vector<AuthFlow> flows;
    bool stored = false;
    bool body_changed = false;                        // since it was stored
    std::optional<signin::CheckedUser> checked = {};  // whose password was found right just now
    std::string shown_token = {};  // a registration token that was found good just now
  };

  // By what the user can be authenticated.
  signin::AuthMethods methods_of(db::Tx& tx, UserId user) const;
  std::vector<AuthFlow> flows_of(db::Tx& tx, UserId user) const;
  Task<std::vector<AuthFlow>> flows_of(const std::optional<Subject>& subject);
  // The challenge of a new session, unless this address has had its share of them.
  Task<AuthRefused> begin(const AuthRequest& request, std::vector<AuthFlow> flows,
                          std::optional<AuthFailure> failure);
  // Without a user anybody may ask, and what is kept is a row: whether this address has had its
  // share.
  std::optional<signin::LoginRefused> crowded(const AuthRequest& request);
  AuthSession fresh(const AuthRequest& request, std::string_view session_id) const;
  Task<std::optional<AuthSession>> find(std::string_view session_id);
  // A stored session with its subject and what is asked of it; absent: there is no such session.
  Task<std::optional<Open>> reopen(const std::string& session_id);
  // The session that the client names, or a new one for who begins with a stage at once; or why
  // neither.
  Task<std::expected<Open, AuthFailure>> resume_or_open(const AuthRequest& request,
                                                        const AuthData& data,
                                                        const std::vector<AuthFlow>& flows);
  // Passes the stage in `open`, which is not written yet; absent: passed.
  Task<std::optional<StageRefused>> try_stage(Open& open, Stage stage, const AuthData& data,
                                              const std::string& address);
  Task<std::optional<StageRefused>> check_password(Open& open, const AuthData& data,
                                                   const std::string& address);
  // Writes what `open` has passed; false: another request was faster, or another person with the
  // last use of a registration token.
  Task<bool> keep(const Open& open, const AuthFlow& before);

  const Ground& ground_;
  sessions::Sessions& sessions_;
  signin::PasswordCheck& passwords_;
  limits::AttemptLimits& limits_;
  const InteractiveAuthOptions options_;
  const std::vector<AuthFlow> registration_flows_;
};

}  // namespace latchkey::confirm
