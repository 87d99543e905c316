#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/accounts/user_rows.h"
#include "domain/confirm/auth_flow.h"
#include "platform/db/tx.h"

// The SQL of user-interactive authentication under way. No rule is decided here.
namespace latchkey::confirm {

struct AuthSession {
  std::string hash;  // of the session ID
  std::string operation;
  std::optional<UserId> user;  // absent: registration
  std::string body;            // sealed: seal_body()
  AuthFlow completed;
  std::optional<RegistrationTokenId> registration_token;  // held by it
  Time expires_at;
};

// What the row of a session ID is kept under.
std::string auth_session_hash(std::string_view session_id);

// What the row keeps of what a client has sent. Sealed with a key made of the session ID, which the
// database does not hold: there may be a password in it, and who reads the database or a backup
// learns nothing of it, nor can they try passwords against it.
std::string seal_body(std::string_view session_id, std::string_view text);
// Absent: it was not sealed for this session, or by a version that kept something else.
std::optional<std::string> unseal_body(std::string_view session_id, std::string_view sealed);

std::optional<AuthSession> find_auth_session(db::Tx& tx, std::string_view hash);
void insert_auth_session(db::Tx& tx, const AuthSession& session);
// Writes `completed`, the body and the held token if the row's stages are still `before`. False:
// not.
bool advance_auth_session(db::Tx& tx, const AuthSession& session, const AuthFlow& before);
// False: it was not there, for it has been used already.
bool delete_auth_session(db::Tx& tx, std::string_view hash);
void delete_auth_sessions_of(db::Tx& tx, UserId user);
// At most so many at once; returns how many.
std::int64_t delete_expired_auth_sessions(db::Tx& tx, Time now, std::int64_t limit);

}  // namespace latchkey::confirm
