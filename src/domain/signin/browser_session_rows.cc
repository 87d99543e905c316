#include "domain/signin/browser_session_rows.h"

#include "domain/sessions/session_rows.h"
#include "platform/crypto/hash.h"
#include "platform/text/base64.h"
#include "platform/text/utf8.h"

namespace latchkey::signin {
namespace {

using MaybeText = std::optional<std::string>;
using MaybeTime = std::optional<Time>;

constexpr std::string_view kSelect =
    "SELECT b.id, b.created_at, b.authenticated_at, b.last_active_at, b.address, b.user_agent,"
    " u.id, u.localpart, u.admin, u.locked_at, u.suspended_at, u.deactivated_at"
    " FROM browser_sessions b JOIN users u ON u.id = b.user_id";

constexpr std::size_t kLongestUserAgent = 255;

template <class... Args>
std::vector<BrowserSession> select(db::Tx& tx, std::string_view condition, const Args&... args) {
  std::vector<BrowserSession> found;
  tx.each<BrowserSessionId, Time, Time, Time, MaybeText, MaybeText, sessions::UserId, std::string,
          bool, MaybeTime, MaybeTime, MaybeTime>(
      std::string(kSelect).append(condition),
      [&](BrowserSessionId id, Time created, Time authenticated, Time active,
          const MaybeText& address, const MaybeText& agent, sessions::UserId user,
          const std::string& localpart, bool admin, MaybeTime locked, MaybeTime suspended,
          MaybeTime deactivated) {
        found.push_back({.id = id,
                         .account = {user, localpart, admin, locked, suspended, deactivated},
                         .created_at = created,
                         .authenticated_at = authenticated,
                         .last_active_at = active,
                         .origin = {address.value_or(""), agent.value_or("")}});
      },
      args...);
  return found;
}

std::optional<BrowserSession> first(std::vector<BrowserSession> found) {
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

MaybeText address_of(const sessions::Origin& origin) {
  return origin.address.empty() ? std::nullopt : MaybeText(origin.address);
}

MaybeText agent_of(const sessions::Origin& origin) {
  if (origin.user_agent.empty() || !text::valid_utf8(origin.user_agent)) return std::nullopt;
  return std::string(text::truncate_utf8(origin.user_agent, kLongestUserAgent));
}

}  // namespace

std::string cookie_hash(std::string_view cookie) {
  return text::encode_base64url(crypto::sha256(cookie));
}

std::optional<BrowserSession> find_browser(db::Tx& tx, std::string_view hash) {
  return first(select(tx, " WHERE b.hash = :hash", hash));
}

std::optional<BrowserSession> find_browser_by_id(db::Tx& tx, BrowserSessionId id) {
  return first(select(tx, " WHERE b.id = :id", id));
}

std::optional<sessions::Account> lock_browser_account(db::Tx& tx, BrowserSessionId id) {
  const auto browser = find_browser_by_id(tx, id);
  if (!browser) return std::nullopt;
  auto account = sessions::lock_account(tx, browser->account.id);
  // Read again under the account's lock, which whoever signs browsers out holds.
  if (!find_browser_by_id(tx, id)) return std::nullopt;
  return account;
}

std::vector<BrowserSession> list_browsers(db::Tx& tx, sessions::UserId user) {
  return select(tx, " WHERE b.user_id = :user ORDER BY b.last_active_at DESC, b.id DESC", user);
}

bool insert_browser(db::Tx& tx, std::string_view hash, const BrowserSession& s) {
  return tx.run(
             "INSERT INTO browser_sessions (id, hash, user_id, created_at, authenticated_at,"
             " last_active_at, address, user_agent) VALUES (:id, :hash, :user, :created,"
             " :authenticated, :active, :address, :agent) ON CONFLICT (id) DO NOTHING",
             s.id, hash, s.account.id, s.created_at, s.authenticated_at, s.last_active_at,
             address_of(s.origin), agent_of(s.origin)) == 1;
}

bool renew_browser(db::Tx& tx, BrowserSessionId id, std::string_view hash, Time authenticated_at) {
  return tx.run(
             "UPDATE browser_sessions SET hash = :hash, authenticated_at = :at,"
             " last_active_at = :at WHERE id = :id",
             hash, authenticated_at, id) == 1;
}

void note_browser_use(db::Tx& tx, BrowserSessionId id, Time at, const sessions::Origin& origin) {
  tx.run(
      "UPDATE browser_sessions SET last_active_at = :at, address = COALESCE(:address, address),"
      " user_agent = COALESCE(:agent, user_agent) WHERE id = :id AND last_active_at < :at",
      at, address_of(origin), agent_of(origin), id);
}

void delete_browser(db::Tx& tx, std::string_view hash) {
  tx.run("DELETE FROM browser_sessions WHERE hash = :hash", hash);
}

void delete_browser_of(db::Tx& tx, sessions::UserId user, BrowserSessionId id) {
  tx.run("DELETE FROM browser_sessions WHERE id = :id AND user_id = :user", id, user);
}

void delete_browsers_since(db::Tx& tx, Time last_active_at, Time created_at) {
  // Two statements, so that each has its index.
  tx.run("DELETE FROM browser_sessions WHERE last_active_at <= :active", last_active_at);
  tx.run("DELETE FROM browser_sessions WHERE created_at <= :created", created_at);
}

void keep_newest_browsers(db::Tx& tx, sessions::UserId user, std::int64_t most) {
  tx.run(
      "DELETE FROM browser_sessions WHERE user_id = :user AND id NOT IN (SELECT id FROM"
      " browser_sessions WHERE user_id = :user ORDER BY last_active_at DESC, id DESC LIMIT :most)",
      user, most);
}

}  // namespace latchkey::signin
