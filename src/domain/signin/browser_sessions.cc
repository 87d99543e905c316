#include "domain/signin/browser_sessions.h"

#include <algorithm>
#include <utility>

#include "domain/sessions/activity.h"
#include "domain/sessions/session_rows.h"
#include "domain/sessions/standing.h"
#include "domain/signin/browser_session_rows.h"
#include "platform/crypto/random.h"
#include "platform/text/ulid.h"

namespace latchkey::signin {
namespace {

using Why = LoginRefused::Why;

constexpr std::size_t kCookieLength = 43;   // of base62: 256 bits
constexpr std::int64_t kMostBrowsers = 50;  // of one account; more than a person has

std::string new_cookie(UserId user) {
  return crypto::random_text(crypto::kBase62, kCookieLength) + "." + text::format_id(user);
}

// Why nobody signs in to the account, as SignIn has it.
std::optional<LoginRefused> refusal_of(const accounts::Account& account) {
  if (account.deactivated_at) return LoginRefused{Why::account_deactivated};
  if (account.locked_at) return LoginRefused{Why::account_locked};
  return std::nullopt;
}

}  // namespace

bool past_a_limit(const BrowserSession& session, const BrowserSessionOptions& options, Time now) {
  return (session.ends_at && *session.ends_at <= now) ||
         sessions::passed(session.created_at, options.maximum_age, now) ||
         sessions::passed(session.last_active_at, options.maximum_idle, now);
}

bool BrowserSessions::over(const BrowserSession& session) const {
  return past_a_limit(session, options_, ground_.clock.now());
}

bool BrowserSessions::fresh(const BrowserSession& session) const {
  return is_fresh(session.authenticated, options_.fresh, ground_.clock.now());
}

Task<std::optional<BrowserSession>> BrowserSessions::find(std::string_view cookie,
                                                          sessions::Origin origin) {
  if (cookie.empty()) co_return std::nullopt;
  const std::string hash = cookie_hash(cookie);
  auto session = co_await ground_.db.read([&](db::Tx& tx) { return find_browser(tx, hash); });
  if (!session || over(*session) || refusal_of(session->account)) co_return std::nullopt;
  const Time now = ground_.clock.now();
  if (sessions::passed(session->last_active_at, sessions::kActivityInterval, now)) {
    co_await ground_.db.write([&](db::Tx& tx) { note_browser_use(tx, session->id, now, origin); });
    session->last_active_at = now;
  }
  session->origin = std::move(origin);
  co_return session;
}

BrowserSignedIn BrowserSessions::begin(db::Tx& tx, const sessions::Account& account,
                                       const sessions::Origin& origin, AuthMethod by) {
  const Time now = ground_.clock.now();
  BrowserSignedIn result{.cookie = new_cookie(account.id),
                         .session = {.id = ground_.ids.next<BrowserSessionId>(now),
                                     .account = account,
                                     .created_at = now,
                                     .authenticated = {.at = now, .by = by},
                                     .last_active_at = now,
                                     .origin = origin}};
  const std::string hash = cookie_hash(result.cookie);
  while (!insert_browser(tx, hash, result.session)) {
    result.session.id = ground_.ids.next<BrowserSessionId>(now);
  }
  ground_.events.tell(tx, events::BrowserStarted{account.id, result.session.id});
  keep_newest_browsers(tx, ground_.events, account.id, kMostBrowsers);
  return result;
}

template <class Change>
Task<std::expected<BrowserSignedIn, LoginRefused>> BrowserSessions::with_password(
    Identifier who, std::string password, std::string address, Change change) {
  using Result = std::expected<BrowserSignedIn, LoginRefused>;
  co_await sessions_.require_in_touch();
  if (!passwords_.enabled()) co_return std::unexpected(LoginRefused{Why::not_offered});
  co_return co_await passwords_.with_account(
      std::move(who), std::move(password), std::move(address),
      [&](db::Tx& tx, const accounts::Account& account) -> Result {
        if (const auto refused = refusal_of(account)) return std::unexpected(*refused);
        return change(tx, account);
      });
}

Task<std::expected<BrowserSignedIn, LoginRefused>> BrowserSessions::sign_in(
    Identifier who, std::string password, sessions::Origin origin, std::string_view previous) {
  co_return co_await with_password(std::move(who), std::move(password), origin.address,
                                   [&](db::Tx& tx, const accounts::Account& account) {
                                     return enter(tx, account, origin, previous,
                                                  AuthMethod::password);
                                   });
}

BrowserSignedIn BrowserSessions::enter(db::Tx& tx, const sessions::Account& account,
                                       const sessions::Origin& origin, std::string_view previous,
                                       AuthMethod by) {
  const std::string before = cookie_hash(previous);
  auto held = find_browser(tx, before);
  if (held && held->account.id == account.id) {
    held->origin = origin;
    return renew(tx, std::move(*held), account, by);
  }
  delete_browser(tx, ground_.events, before);
  return begin(tx, account, origin, by);
}

std::expected<BrowserSignedIn, LoginRefused> BrowserSessions::sign_in_by(
    db::Tx& tx, const sessions::Account& account, const sessions::Origin& origin,
    std::string_view previous, AuthMethod by) {
  if (const auto refused = refusal_of(account)) return std::unexpected(*refused);
  return enter(tx, account, origin, previous, by);
}

Task<std::expected<BrowserSignedIn, LoginRefused>> BrowserSessions::reauthenticate(
    const BrowserSession& session, std::string password, std::string address) {
  co_return co_await with_password(KnownUser{session.account.localpart}, std::move(password),
                                   std::move(address),
                                   [&](db::Tx& tx, const accounts::Account& account) {
                                     return renew(tx, session, account, AuthMethod::password);
                                   });
}

BrowserSignedIn BrowserSessions::renew(db::Tx& tx, BrowserSession session,
                                       const sessions::Account& account, AuthMethod by) {
  const Time now = ground_.clock.now();
  const Authentication authenticated{.at = now, .by = by};
  std::string cookie = new_cookie(account.id);
  if (over(session) || !renew_browser(tx, session.id, cookie_hash(cookie), authenticated)) {
    delete_browser_of(tx, ground_.events, account.id, session.id);
    return begin(tx, account, session.origin, by);
  }
  session.account = account;
  session.authenticated = authenticated;
  session.last_active_at = now;
  return {.cookie = std::move(cookie), .session = std::move(session)};
}

Task<std::vector<BrowserSession>> BrowserSessions::list(UserId user) {
  auto all = co_await ground_.db.read([&](db::Tx& tx) { return list_browsers(tx, user); });
  std::erase_if(all, [this](const BrowserSession& one) { return over(one); });
  co_return all;
}

Task<void> BrowserSessions::end(UserId user, BrowserSessionId id) {
  co_await ground_.db.write([&](db::Tx& tx) {
    // Not between the check and the change of what that browser is doing now.
    sessions::lock_account(tx, user);
    delete_browser_of(tx, ground_.events, user, id);
  });
}

void BrowserSessions::purge(const Batches& batches) {
  const Time now = ground_.clock.now();
  batches.run(ground_.db, [&](db::Tx& tx, std::int64_t limit) {
    return delete_browsers_since(tx, ground_.events, now - options_.maximum_idle,
                                 now - options_.maximum_age, limit);
  });
}

}  // namespace latchkey::signin
