#include "domain/confirm/auth_session_rows.h"

#include "platform/crypto/kept_hash.h"
#include "platform/crypto/seal.h"
#include "platform/text/base64.h"

namespace latchkey::confirm {
namespace {

constexpr std::string_view kBody = "body of an interactive authentication";

crypto::SealKey body_key(std::string_view session_id) {
  return crypto::seal_key_of(session_id, kBody);
}

}  // namespace

std::string auth_session_hash(std::string_view session_id) { return crypto::kept_hash(session_id); }

std::string seal_body(std::string_view session_id, std::string_view text) {
  return text::encode_base64url(crypto::seal(body_key(session_id), text, kBody));
}

std::optional<std::string> unseal_body(std::string_view session_id, std::string_view sealed) {
  const auto bytes = text::decode_base64url(sealed);
  if (!bytes) return std::nullopt;
  return crypto::unseal(body_key(session_id), *bytes, kBody);
}

std::optional<AuthSession> find_auth_session(db::Tx& tx, std::string_view hash) {
  const auto row = tx.one<std::string, std::string, std::optional<UserId>, std::string, std::string,
                          std::optional<RegistrationTokenId>, Time>(
      "SELECT hash, operation, user_id, body, completed, registration_token, expires_at"
      " FROM auth_sessions WHERE hash = :hash",
      hash);
  if (!row) return std::nullopt;
  const auto& [found, operation, user, body, completed, token, expires_at] = *row;
  return AuthSession{found, operation, user, body, split(completed), token, expires_at};
}

void insert_auth_session(db::Tx& tx, const AuthSession& s) {
  tx.run(
      "INSERT INTO auth_sessions (hash, operation, user_id, body, completed, registration_token,"
      " expires_at) VALUES (:hash, :operation, :user, :body, :completed, :token, :expires)",
      s.hash, s.operation, s.user, s.body, join(s.completed), s.registration_token, s.expires_at);
}

bool advance_auth_session(db::Tx& tx, const AuthSession& s, const AuthFlow& before) {
  return tx.run(
             "UPDATE auth_sessions SET completed = :completed, body = :body,"
             " registration_token = :token"
             " WHERE hash = :hash AND completed = :before",
             join(s.completed), s.body, s.registration_token, s.hash, join(before)) == 1;
}

bool delete_auth_session(db::Tx& tx, std::string_view hash) {
  return tx.run("DELETE FROM auth_sessions WHERE hash = :hash", hash) == 1;
}

void delete_auth_sessions_of(db::Tx& tx, UserId user) {
  tx.run("DELETE FROM auth_sessions WHERE user_id = :user", user);
}

std::int64_t delete_expired_auth_sessions(db::Tx& tx, Time now, std::int64_t limit) {
  return tx.run(
      "DELETE FROM auth_sessions WHERE hash IN"
      " (SELECT hash FROM auth_sessions WHERE expires_at <= :now LIMIT :limit)",
      now, limit);
}

}  // namespace latchkey::confirm
