#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "domain/administration/user_listing.h"

// The SQL of what operators read, a bounded piece at a time. No rule is decided here.
namespace latchkey::administration {

// Without last_seen_at.
std::vector<ListedUser> users_after(db::Tx& tx, std::string_view localpart, std::int64_t most);
std::optional<ListedUser> listed_user(db::Tx& tx, UserId id);
std::optional<Time> last_seen(db::Tx& tx, UserId id);
std::optional<Time> recovery_link_until(db::Tx& tx, UserId id, Time now);

// Adds what the next piece of a table holds, by id; returns the last id of it, or none at the end.
std::optional<std::int64_t> count_users(db::Tx& tx, std::int64_t after, Time lately,
                                        Totals& totals);
std::optional<std::int64_t> count_sessions(db::Tx& tx, std::int64_t after, Time day, Time month,
                                           Totals& totals);
std::optional<std::int64_t> count_browsers(db::Tx& tx, std::int64_t after, Totals& totals);

}  // namespace latchkey::administration
