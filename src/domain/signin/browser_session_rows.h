#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/events/events.h"
#include "domain/signin/browser_sessions.h"

// The SQL of browser sessions. No rule is decided here.
namespace latchkey::signin {

// What is kept of a cookie.
std::string cookie_hash(std::string_view cookie);

std::optional<BrowserSession> find_browser(db::Tx& tx, std::string_view hash);
std::optional<BrowserSession> find_browser_by_id(db::Tx& tx, BrowserSessionId id);
// The account of a browser that is signed in, locked; absent: it is signed out. For what was begun
// on a page and ends elsewhere: a changed password signs browsers out, and must leave no code or
// token behind as a way in.
std::optional<sessions::Account> lock_browser_account(db::Tx& tx, BrowserSessionId id);
// The last used first.
std::vector<BrowserSession> list_browsers(db::Tx& tx, UserId user);

// False when the id is taken: ask for another.
bool insert_browser(db::Tx& tx, std::string_view hash, const BrowserSession& session);
// Under another cookie, its person authenticated anew. False when it is gone.
bool renew_browser(db::Tx& tx, BrowserSessionId id, std::string_view hash,
                   const Authentication& authenticated);
// It ends then at the latest; absent: it has no such limit.
void limit_browser(db::Tx& tx, BrowserSessionId id, std::optional<Time> ends_at);
// Activity moves forward only.
void note_browser_use(db::Tx& tx, BrowserSessionId id, Time at, const sessions::Origin& origin);

// From where the account's browsers were used last.
std::vector<std::string> addresses_of_browsers(db::Tx& tx, std::string_view localpart,
                                               std::int64_t limit);

// The end of each browser is told.
void delete_browser(db::Tx& tx, const events::Events& events, std::string_view hash);
void delete_browser_of(db::Tx& tx, const events::Events& events, UserId user, BrowserSessionId id);
void delete_browsers_of(db::Tx& tx, const events::Events& events, UserId user,
                        std::optional<BrowserSessionId> except = {});
// Those last used, or begun, at that time or before it: at most so many of each at once. Returns of
// which there were more.
std::int64_t delete_browsers_since(db::Tx& tx, const events::Events& events, Time last_active_at,
                                   Time created_at, std::int64_t limit);
// Those of the user that were used last, at most so many.
void keep_newest_browsers(db::Tx& tx, const events::Events& events, UserId user, std::int64_t most);
// Of everybody: none is told by itself.
void delete_every_browser(db::Tx& tx);

}  // namespace latchkey::signin
