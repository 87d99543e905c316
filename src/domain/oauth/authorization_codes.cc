#include "domain/oauth/authorization_codes.h"

#include "domain/oauth/claims.h"
#include "domain/oauth/start_granted_session.h"
#include "domain/sessions/session_rows.h"
#include "domain/signin/browser_session_rows.h"
#include "domain/token_prefixes.h"
#include "platform/crypto/equal.h"
#include "platform/crypto/kept_hash.h"
#include "platform/crypto/random.h"

namespace latchkey::oauth {
namespace {

using Why = GrantRefused::Why;

constexpr std::string_view kPrefix = text_of(TokenPrefix::authorization_code);
constexpr std::size_t kRandomLength = 32;  // of base62: 190 bits
// RFC 6749 section 4.1.2: ten minutes at most. Time for a slow phone to come back to its app.
constexpr Duration kLifetime = std::chrono::minutes{5};
// A redeemed code is remembered for longer, to notice when it is shown again.
constexpr Duration kRemembered = std::chrono::hours{1};
// An app waits for one; the others are of clicks, or of redirects that nobody clicks on
// (prompt=none, an app of the operator), and led nowhere.
constexpr std::int64_t kMostWaiting = 20;  // of a browser
// Who begins sessions by the hundred may lose sight of the codes of the first.
constexpr std::int64_t kMostRemembered = 100;  // of an account

GrantRefused refused(std::string sentence) { return {Why::invalid_grant, std::move(sentence)}; }

struct CodeRow {
  std::string client;
  UserId user{};
  BrowserSessionId browser_session{};
  std::string redirect_uri;
  std::string scope;
  std::string code_challenge;  // empty: none was asked with
  std::optional<std::string> nonce;
  Time authenticated_at;
  signin::AuthMethod authenticated_by = signin::AuthMethod::password;
  Time expires_at;
  std::optional<SessionId> session;
};

}  // namespace

void delete_codes_of(db::Tx& tx, BrowserSessionId browser) {
  tx.run("DELETE FROM authorization_codes WHERE browser_session = :browser AND session IS NULL",
         browser);
}
}  // namespace latchkey::oauth

template <>
struct latchkey::db::Columns<latchkey::oauth::CodeRow> {
  using Row = oauth::CodeRow;
  static constexpr auto kAll = std::tuple{
      column("client", &Row::client),
      column("user_id", &Row::user),
      column("browser_session", &Row::browser_session),
      column("redirect_uri", &Row::redirect_uri),
      column("scope", &Row::scope),
      column("code_challenge", &Row::code_challenge),
      column("nonce", &Row::nonce),
      column("authenticated_at", &Row::authenticated_at),
      column("authenticated_by", &Row::authenticated_by),
      column("expires_at", &Row::expires_at),
      column("session", &Row::session),
  };
};

namespace latchkey::oauth {
namespace {

// RFC 7636 section 4.6. A verifier without a challenge is refused too: somebody has taken the
// challenge away (RFC 9700 section 4.8.2).
bool is_verified(const std::string& challenge, const std::string& verifier) {
  if (challenge.empty() || verifier.empty()) return challenge.empty() && verifier.empty();
  return crypto::equal(challenge, crypto::kept_hash(verifier));
}

// Makes room for one more.
void delete_oldest_waiting(db::Tx& tx, BrowserSessionId browser) {
  tx.run(
      "DELETE FROM authorization_codes WHERE browser_session = :browser AND session IS NULL"
      " AND hash NOT IN (SELECT hash FROM authorization_codes WHERE browser_session = :browser"
      " AND session IS NULL ORDER BY expires_at DESC, hash LIMIT :kept)",
      browser, kMostWaiting - 1);
}

void delete_oldest_redeemed(db::Tx& tx, UserId user) {
  tx.run(
      "DELETE FROM authorization_codes WHERE user_id = :user AND session IS NOT NULL"
      " AND hash NOT IN (SELECT hash FROM authorization_codes WHERE user_id = :user"
      " AND session IS NOT NULL ORDER BY expires_at DESC, hash LIMIT :kept)",
      user, kMostRemembered);
}

std::optional<CodeRow> find_code(db::Tx& tx, const std::string& hash) {
  static const std::string sql =
      "SELECT " + db::column_list<CodeRow>() + " FROM authorization_codes WHERE hash = :hash";
  return db::row<CodeRow>(tx, sql, hash);
}

}  // namespace

Task<bool> AuthorizationCodes::consented(const signin::BrowserSession& browser,
                                         const AuthorizationRequest& request) {
  co_return co_await ground_.db.read([&](db::Tx& tx) {
    // Two branches, so that each has its index.
    return tx
        .one<int>(
            "SELECT 1 FROM devices d JOIN sessions s ON s.device = d.id AND s.ended = 0"
            " WHERE d.user_id = :user AND d.deleted_at IS NULL AND s.client = :client"
            " AND s.scope = :scope"
            " UNION ALL SELECT 1 FROM sessions WHERE user_id = :user AND device IS NULL"
            " AND ended = 0 AND client = :client AND scope = :scope LIMIT 1",
            browser.account.id, request.client->id, request.scope.text())
        .has_value();
  });
}

Task<std::optional<std::string>> AuthorizationCodes::issue(const signin::BrowserSession& browser,
                                                           const AuthorizationRequest& request) {
  std::string code = std::string(kPrefix) + crypto::random_text(crypto::kBase62, kRandomLength);
  const bool issued = co_await ground_.db.write([&](db::Tx& tx) {
    const auto account = signin::lock_browser_account(tx, browser.id);
    if (!account || sessions::judge_account(*account)) return false;
    delete_oldest_waiting(tx, browser.id);
    Scope scope = request.scope;
    scope.admin = scope.admin && account->admin;
    static const std::string sql = "INSERT INTO authorization_codes (" +
                                   db::column_list<CodeRow>() + ", hash) VALUES (" +
                                   db::parameter_list<CodeRow>() + ", :hash)";
    const CodeRow row{
        .client = request.client->id,
        .user = account->id,
        .browser_session = browser.id,
        .redirect_uri = request.redirect_uri,
        .scope = scope.text(),
        .code_challenge = request.code_challenge,
        .nonce = request.nonce.empty() ? std::nullopt : std::optional(request.nonce),
        .authenticated_at = browser.authenticated.at,
        .authenticated_by = browser.authenticated.by,
        .expires_at = ground_.clock.now() + kLifetime,
        .session = {},
    };
    db::insert(tx, sql, row, crypto::kept_hash(code));
    return true;
  });
  if (!issued) co_return std::nullopt;
  co_return code;
}

Task<std::expected<Granted, GrantRefused>> AuthorizationCodes::redeem(
    std::size_t worker, const clients::Client& client, std::string code, std::string redirect_uri,
    std::string code_verifier, sessions::Origin origin) {
  co_await sessions_.require_in_touch();
  const std::string hash = crypto::kept_hash(code);
  struct Redeemed {
    sessions::Session session;
    CodeRow row;
    boost::json::object person;
  };
  using Result = std::expected<Redeemed, GrantRefused>;
  auto redeemed = co_await ground_.db.write([&](db::Tx& tx) -> Result {
    const Time now = ground_.clock.now();
    const auto found = find_code(tx, hash);
    if (!found) return std::unexpected(refused("This code is not known, or has expired."));
    const auto account = sessions::lock_account(tx, found->user);
    // Read again under the account's lock: of two that come at once, one is the second.
    auto row = find_code(tx, hash);
    if (!account || !row) return std::unexpected(refused("This code has expired."));
    if (row->client != client.id) {
      return std::unexpected(refused("This code was issued to another client."));
    }
    // Before what was used: a code alone, which travels through addresses and logs, must end
    // nothing.
    if (row->redirect_uri != redirect_uri) {
      return std::unexpected(refused("redirect_uri: not that of the authorization request"));
    }
    if (!is_verified(row->code_challenge, code_verifier)) {
      return std::unexpected(refused("code_verifier: does not fit the code_challenge"));
    }
    if (row->session) {
      if (const auto session = sessions::find_session(tx, *row->session)) {
        sessions_.end(tx, *session, Ended::softly, EndReason::code_reuse);
      }
      return std::unexpected(refused("This code was used already; what it gave is revoked."));
    }
    // A clock set back prolongs nothing.
    if (row->expires_at <= now || row->expires_at > now + kLifetime + sessions::kClockSkew) {
      return std::unexpected(refused("This code has expired."));
    }
    // A changed password signs browsers out, and leaves no code behind as a way in.
    const auto scope = read_scope(row->scope);
    if (!scope || !signin::lock_browser_account(tx, row->browser_session)) {
      return std::unexpected(refused("The person has signed out of the browser since."));
    }
    auto session = start_granted_session(
        tx, sessions_, *account, client, *scope, sessions::Method::authorization_code,
        row->browser_session, {.at = row->authenticated_at, .by = row->authenticated_by}, origin);
    if (!session) return std::unexpected(session.error());
    tx.run(
        "UPDATE authorization_codes SET session = :session, expires_at = :expires"
        " WHERE hash = :hash",
        session->record.id, now + kRemembered, hash);
    delete_oldest_redeemed(tx, account->id);
    clients_.note_use(tx, client.id);
    auto person = person_claims(tx, account->id, account->localpart, *scope);
    return Redeemed{std::move(*session), std::move(*row), std::move(person)};
  });
  if (!redeemed) co_return std::unexpected(redeemed.error());
  const sessions::Record& record = redeemed->session.record;
  co_return Granted{.tokens = sessions_.tokens_of(worker, record),
                    .account = redeemed->session.account,
                    .session = record.id,
                    .scope = *read_scope(redeemed->row.scope),
                    .person = std::move(redeemed->person),
                    .nonce = redeemed->row.nonce.value_or(""),
                    .authenticated = {.at = redeemed->row.authenticated_at,
                                      .by = redeemed->row.authenticated_by}};
}

void AuthorizationCodes::purge(const Batches& batches) {
  batches.run(ground_.db, [now = ground_.clock.now()](db::Tx& tx, std::int64_t limit) {
    return tx.run(
        "DELETE FROM authorization_codes WHERE hash IN"
        " (SELECT hash FROM authorization_codes WHERE expires_at <= :now LIMIT :limit)",
        now, limit);
  });
}

}  // namespace latchkey::oauth
