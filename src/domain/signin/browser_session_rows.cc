#include "domain/signin/browser_session_rows.h"

#include <algorithm>

#include "domain/sessions/session_rows.h"
#include "platform/crypto/kept_hash.h"
#include "platform/text/utf8.h"

namespace latchkey::signin {
namespace {

using MaybeText = std::optional<std::string>;
constexpr std::size_t kLongestUserAgent = 255;

MaybeText address_of(const sessions::Origin& origin) {
  return origin.address.empty() ? std::nullopt : MaybeText(origin.address);
}

MaybeText agent_of(const sessions::Origin& origin) {
  if (origin.user_agent.empty() || !text::valid_utf8(origin.user_agent)) return std::nullopt;
  return std::string(text::truncate_utf8(origin.user_agent, kLongestUserAgent));
}

}  // namespace
}  // namespace latchkey::signin

template <>
struct latchkey::db::Columns<latchkey::signin::BrowserSession> {
  using Row = signin::BrowserSession;
  static constexpr auto set_address = [](Row& row, std::optional<std::string> address) {
    row.origin.address = std::move(address).value_or("");
  };
  static constexpr auto set_agent = [](Row& row, std::optional<std::string> agent) {
    row.origin.user_agent = std::move(agent).value_or("");
  };
  static constexpr auto address = [](const Row& row) { return signin::address_of(row.origin); };
  static constexpr auto agent = [](const Row& row) { return signin::agent_of(row.origin); };
  static constexpr auto authenticated_at = [](const Row& row) { return row.authenticated.at; };
  static constexpr auto set_authenticated_at = [](Row& row, Time at) { row.authenticated.at = at; };
  static constexpr auto authenticated_by = [](const Row& row) { return row.authenticated.by; };
  static constexpr auto set_authenticated_by = [](Row& row, signin::AuthMethod by) {
    row.authenticated.by = by;
  };
  static constexpr auto user = [](const Row& row) { return row.account.id; };
  static constexpr auto set_user = [](Row& row, UserId user) { row.account.id = user; };

  static constexpr auto kAll = std::tuple{
      column("id", &Row::id),
      computed<UserId>("user_id", user, set_user),
      column("created_at", &Row::created_at),
      computed<Time>("authenticated_at", authenticated_at, set_authenticated_at),
      computed<signin::AuthMethod>("authenticated_by", authenticated_by, set_authenticated_by),
      column("last_active_at", &Row::last_active_at),
      computed<std::optional<std::string>>("address", address, set_address),
      computed<std::optional<std::string>>("user_agent", agent, set_agent),
      column("ends_at", &Row::ends_at),
  };
};

namespace latchkey::signin {
namespace {

template <class... Args>
std::vector<BrowserSession> select(db::Tx& tx, std::string_view condition, const Args&... args) {
  static const std::string sql = "SELECT " + db::column_list<BrowserSession>("b") + ", " +
                                 db::column_list<sessions::Account>("u") +
                                 " FROM browser_sessions b JOIN users u ON u.id = b.user_id";
  std::vector<BrowserSession> found;
  db::each_row<BrowserSession, sessions::Account>(
      tx, sql + std::string(condition),
      [&](BrowserSession&& browser, sessions::Account&& account) {
        browser.account = std::move(account);
        found.push_back(std::move(browser));
      },
      args...);
  return found;
}

std::optional<BrowserSession> first(std::vector<BrowserSession> found) {
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

// `sql` deletes, and returns whose and which. Returns how many.
template <class... Args>
std::int64_t delete_and_tell(db::Tx& tx, const events::Events& events, std::string_view sql,
                             const Args&... args) {
  const auto deleted = tx.all<UserId, BrowserSessionId>(sql, args...);
  for (const auto& [user, id] : deleted) events.tell(tx, events::BrowserEnded{user, id});
  return static_cast<std::int64_t>(deleted.size());
}

}  // namespace

std::string cookie_hash(std::string_view cookie) { return crypto::kept_hash(cookie); }

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

std::vector<BrowserSession> list_browsers(db::Tx& tx, UserId user) {
  return select(tx, " WHERE b.user_id = :user ORDER BY b.last_active_at DESC, b.id DESC", user);
}

void limit_browser(db::Tx& tx, BrowserSessionId id, std::optional<Time> ends_at) {
  tx.run("UPDATE browser_sessions SET ends_at = :ends WHERE id = :id", ends_at, id);
}

bool insert_browser(db::Tx& tx, std::string_view hash, const BrowserSession& session) {
  static const std::string sql =
      "INSERT INTO browser_sessions (" + db::column_list<BrowserSession>() + ", hash) VALUES (" +
      db::parameter_list<BrowserSession>() + ", :hash) ON CONFLICT (id) DO NOTHING";
  return db::insert(tx, sql, session, hash) == 1;
}

bool renew_browser(db::Tx& tx, BrowserSessionId id, std::string_view hash,
                   const Authentication& authenticated) {
  return tx.run(
             "UPDATE browser_sessions SET hash = :hash, authenticated_at = :at,"
             " authenticated_by = :by, last_active_at = :at WHERE id = :id",
             hash, authenticated.at, authenticated.by, id) == 1;
}

void note_browser_use(db::Tx& tx, BrowserSessionId id, Time at, const sessions::Origin& origin) {
  tx.run(
      "UPDATE browser_sessions SET last_active_at = :at, address = COALESCE(:address, address),"
      " user_agent = COALESCE(:agent, user_agent) WHERE id = :id AND last_active_at < :at",
      at, address_of(origin), agent_of(origin), id);
}

std::vector<std::string> addresses_of_browsers(db::Tx& tx, std::string_view localpart,
                                               std::int64_t limit) {
  std::vector<std::string> result;
  for (auto& [address] : tx.all<std::string>(
           "SELECT b.address FROM users u JOIN browser_sessions b ON b.user_id = u.id"
           " WHERE u.localpart = :name AND b.address IS NOT NULL"
           " ORDER BY b.last_active_at DESC LIMIT :limit",
           localpart, limit)) {
    result.push_back(std::move(address));
  }
  return result;
}

void delete_browser(db::Tx& tx, const events::Events& events, std::string_view hash) {
  delete_and_tell(tx, events,
                  "DELETE FROM browser_sessions WHERE hash = :hash RETURNING user_id, id", hash);
}

void delete_browser_of(db::Tx& tx, const events::Events& events, UserId user, BrowserSessionId id) {
  delete_and_tell(tx, events,
                  "DELETE FROM browser_sessions WHERE id = :id AND user_id = :user"
                  " RETURNING user_id, id",
                  id, user);
}

void delete_browsers_of(db::Tx& tx, const events::Events& events, UserId user,
                        std::optional<BrowserSessionId> except) {
  if (except) {
    delete_and_tell(tx, events,
                    "DELETE FROM browser_sessions WHERE user_id = :user AND id <> :kept"
                    " RETURNING user_id, id",
                    user, *except);
  } else {
    delete_and_tell(tx, events,
                    "DELETE FROM browser_sessions WHERE user_id = :user RETURNING user_id, id",
                    user);
  }
}

void delete_every_browser(db::Tx& tx) { tx.run("DELETE FROM browser_sessions"); }

std::int64_t delete_browsers_since(db::Tx& tx, const events::Events& events, Time last_active_at,
                                   Time created_at, std::int64_t limit) {
  // Two statements, so that each has its index.
  const std::int64_t idle =
      delete_and_tell(tx, events,
                      "DELETE FROM browser_sessions WHERE id IN (SELECT id FROM browser_sessions"
                      " WHERE last_active_at <= :active LIMIT :limit) RETURNING user_id, id",
                      last_active_at, limit);
  const std::int64_t old =
      delete_and_tell(tx, events,
                      "DELETE FROM browser_sessions WHERE id IN (SELECT id FROM browser_sessions"
                      " WHERE created_at <= :created LIMIT :limit) RETURNING user_id, id",
                      created_at, limit);
  return std::max(idle, old);
}

void keep_newest_browsers(db::Tx& tx, const events::Events& events, UserId user,
                          std::int64_t most) {
  delete_and_tell(tx, events,
                  "DELETE FROM browser_sessions WHERE user_id = :user AND id NOT IN (SELECT id FROM"
                  " browser_sessions WHERE user_id = :user ORDER BY last_active_at DESC, id DESC"
                  " LIMIT :most) RETURNING user_id, id",
                  user, most);
}

}  // namespace latchkey::signin
