#include "domain/signin/login_tokens.h"

#include "domain/sessions/session_rows.h"
#include "domain/signin/browser_session_rows.h"
#include "domain/token_prefixes.h"
#include "platform/crypto/kept_hash.h"
#include "platform/crypto/random.h"

namespace latchkey::signin {
namespace {

constexpr std::string_view kPrefix = text_of(TokenPrefix::login);
constexpr std::size_t kRandomLength = 32;  // of base62: 190 bits
constexpr std::int64_t kMostOfABrowser = 5;

std::string hash_of(std::string_view token) { return crypto::kept_hash(token); }

}  // namespace

void delete_login_tokens_of(db::Tx& tx, BrowserSessionId browser) {
  tx.run(
      "DELETE FROM login_tokens WHERE browser_session = :browser AND browser_session IS NOT NULL",
      browser);
}

std::string LoginTokens::make(db::Tx& tx, SessionId session) {
  std::string token(kPrefix);
  token += crypto::random_text(crypto::kBase62, kRandomLength);
  tx.run("INSERT INTO login_tokens (hash, session, expires_at) VALUES (:hash, :session, :expires)",
         hash_of(token), session, ground_.clock.now() + options_.lifetime);
  return token;
}

Task<std::optional<std::string>> LoginTokens::make_for_browser(const BrowserSession& browser) {
  std::string token(kPrefix);
  token += crypto::random_text(crypto::kBase62, kRandomLength);
  const bool made = co_await ground_.db.write([&](db::Tx& tx) {
    const auto account = lock_browser_account(tx, browser.id);
    if (!account || sessions::judge_account(*account)) return false;
    // An app waits for one; the others are of clicks that led nowhere.
    tx.run(
        "DELETE FROM login_tokens WHERE browser_session = :browser AND browser_session IS NOT NULL"
        " AND hash NOT IN (SELECT hash FROM login_tokens WHERE browser_session = :browser"
        " AND browser_session IS NOT NULL ORDER BY expires_at DESC, hash LIMIT :kept)",
        browser.id, kMostOfABrowser - 1);
    tx.run(
        "INSERT INTO login_tokens (hash, session, browser_session, expires_at)"
        " VALUES (:hash, 0, :browser, :expires)",
        hash_of(token), browser.id, ground_.clock.now() + options_.lifetime);
    return true;
  });
  if (!made) co_return std::nullopt;
  co_return token;
}

// Who asked for the token, while their session lives.
std::optional<sessions::Account> LoginTokens::lock_holder(db::Tx& tx, SessionId session) {
  const auto asked_by = sessions::find_session(tx, session);
  if (!asked_by) return std::nullopt;
  auto account = sessions::lock_account(tx, asked_by->account.id);
  // Read again under the account's lock, which whoever ends sessions holds.
  const auto still = sessions::find_session(tx, session);
  if (!still || still->record.ended != sessions::Ended::live) return std::nullopt;
  return account;
}

std::optional<LoginTokens::Taken> LoginTokens::take(db::Tx& tx, std::string_view token) {
  const std::string hash = hash_of(token);
  const auto row = tx.one<SessionId, std::optional<BrowserSessionId>, Time>(
      "SELECT session, browser_session, expires_at FROM login_tokens WHERE hash = :hash", hash);
  // Of two that use it at once only one deletes it.
  if (!row || tx.run("DELETE FROM login_tokens WHERE hash = :hash", hash) == 0) return std::nullopt;
  const auto& [session, browser, expires_at] = *row;
  const Time now = ground_.clock.now();
  // A clock set back prolongs nothing.
  if (expires_at <= now || expires_at > now + options_.lifetime + sessions::kClockSkew) {
    return std::nullopt;
  }
  auto account = browser ? lock_browser_account(tx, *browser) : lock_holder(tx, session);
  if (!account) return std::nullopt;
  return Taken{std::move(*account), browser};
}

void LoginTokens::purge(const Batches& batches) {
  batches.run(ground_.db, [now = ground_.clock.now()](db::Tx& tx, std::int64_t limit) {
    return tx.run(
        "DELETE FROM login_tokens WHERE hash IN"
        " (SELECT hash FROM login_tokens WHERE expires_at <= :now LIMIT :limit)",
        now, limit);
  });
}

}  // namespace latchkey::signin
