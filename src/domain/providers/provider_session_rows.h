#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/identifiers.h"
#include "platform/db/tx.h"
#include "platform/time.h"

// The SQL of what providers have begun, and say is over. No rule is decided here.
namespace latchkey::providers {

// A browser session that a provider has begun. It outlives the browser's own, for as long as
// sessions of apps live that the browser has let in: they end with it too.
struct BegunThere {
  BrowserSessionId browser{};
  std::string provider;
  std::string subject;
  std::string name;  // ProviderSession::name
  UserId user{};
  Time created_at;
  std::optional<std::string> hint = {};  // ProviderSession::hint, sealed
};

// In place of what had begun that browser session before. Of an account's those are kept that began
// last, at most so many.
void put_begun_there(db::Tx& tx, const BegunThere& begun, std::int64_t most);
std::optional<BegunThere> find_begun_there(db::Tx& tx, BrowserSessionId browser);
// All of that name; of the subject's all, if the name is empty. One that is given must agree.
std::vector<BegunThere> list_begun_there(db::Tx& tx, std::string_view provider,
                                         std::string_view subject, std::string_view name);
std::vector<BegunThere> list_begun_there_of(db::Tx& tx, UserId user);
// Those that a provider began at that time or before, at most so many.
std::vector<BegunThere> list_begun_there_until(db::Tx& tx, std::string_view provider,
                                               Time created_at, std::int64_t most);
void delete_begun_there(db::Tx& tx, BrowserSessionId browser);
void delete_all_begun_there(db::Tx& tx, UserId user);
// Those begun before it, of browsers that are signed out and have let no app in that still is
// there.
std::int64_t delete_begun_there_before(db::Tx& tx, Time created_at, std::int64_t limit);

// What a provider has said and is to count once, by its hash: a sign-out, or who somebody is.
// False: it has counted already.
bool count_once(db::Tx& tx, std::string_view hash, Time expires_at);
std::int64_t delete_expired_logouts(db::Tx& tx, Time now, std::int64_t limit);

}  // namespace latchkey::providers
