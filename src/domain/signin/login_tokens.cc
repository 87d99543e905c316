#include "domain/signin/login_tokens.h"

#include "domain/sessions/session_rows.h"
#include "domain/signin/sign_in.h"
#include "platform/crypto/hash.h"
#include "platform/crypto/random.h"
#include "platform/text/base64.h"

namespace latchkey::signin {
namespace {

constexpr std::string_view kPrefix = "lkl_";
constexpr std::size_t kRandomLength = 32;  // of base62: 190 bits

std::string hash_of(std::string_view token) {
  return text::encode_base64url(crypto::sha256(token));
}

}  // namespace

std::string LoginTokens::make(db::Tx& tx, sessions::SessionId session) {
  std::string token(kPrefix);
  token += crypto::random_text(crypto::kBase62, kRandomLength);
  tx.run("INSERT INTO login_tokens (hash, session, expires_at) VALUES (:hash, :session, :expires)",
         hash_of(token), session, sessions_.clock().now() + options_.lifetime);
  return token;
}

std::optional<sessions::Account> LoginTokens::take(db::Tx& tx, std::string_view token) {
  const std::string hash = hash_of(token);
  const auto row = tx.one<std::int64_t, Time>(
      "SELECT session, expires_at FROM login_tokens WHERE hash = :hash", hash);
  // Of two that use it at once only one deletes it.
  if (!row || tx.run("DELETE FROM login_tokens WHERE hash = :hash", hash) == 0) return std::nullopt;
  const auto& [session, expires_at] = *row;
  const Time now = sessions_.clock().now();
  // A clock set back prolongs nothing.
  if (expires_at <= now || expires_at > now + options_.lifetime + sessions::kClockSkew) {
    return std::nullopt;
  }
  const auto asked_by = sessions::find_session(tx, session);
  if (!asked_by) return std::nullopt;
  auto account = sessions::lock_account(tx, asked_by->account.id);
  // Read again under the account's lock, which whoever ends sessions holds.
  const auto still = sessions::find_session(tx, session);
  if (!still || still->record.ended != sessions::Ended::live) return std::nullopt;
  return account;
}

void LoginTokens::purge() {
  const Time now = sessions_.clock().now();
  sessions_.database().write_now(
      [now](db::Tx& tx) { tx.run("DELETE FROM login_tokens WHERE expires_at <= :now", now); });
}

Task<SignIn::Result> SignIn::with_token(std::size_t worker, std::string token,
                                        sessions::NewSession session) {
  using Why = LoginRefused::Why;
  sessions_.require_hearing();
  if (!login_tokens_.enabled()) co_return std::unexpected(LoginRefused{Why::not_offered});
  const auto started = co_await sessions_.database().write([&](db::Tx& tx) -> Started {
    const auto account = login_tokens_.take(tx, token);
    if (!account) return std::unexpected(LoginRefused{Why::token_not_good});
    return start(tx, *account, session);
  });
  co_return signed_in(worker, started);
}

}  // namespace latchkey::signin
