#include "domain/administration/user_listing.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "domain/accounts/user_rows.h"
#include "domain/administration/user_listing_rows.h"
#include "domain/signin/browser_session_rows.h"

namespace latchkey::administration {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kChunk = 1'000;          // accounts of one read
constexpr std::int64_t kMostLookedAt = 20'000;  // accounts of one page
constexpr auto kDay = std::chrono::hours{24};
constexpr auto kMonth = 30 * kDay;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool contains(std::string_view text, std::string_view wanted) {
  return std::ranges::search(text, wanted, {}, lower, lower).begin() != text.end() ||
         wanted.empty();
}

}  // namespace

bool matches(const ListedUser& user, const UserFilter& filter) {
  if (filter.locked && !user.locked_at) return false;
  if (filter.suspended && !user.suspended_at) return false;
  if (filter.deactivated && !user.deactivated_at) return false;
  if (filter.admin && !user.admin) return false;
  if (!contains(user.localpart, filter.search) && !contains(user.display_name, filter.search)) {
    return false;
  }
  if (!filter.not_seen_since) return true;
  return user.last_seen_at.value_or(user.created_at) < *filter.not_seen_since;
}

Task<UserPage> UserListing::list(UserFilter filter, std::string after, std::size_t limit) {
  UserFilter without_use = filter;
  without_use.not_seen_since.reset();
  UserPage page;
  for (std::int64_t looked_at = 0; looked_at < kMostLookedAt;) {
    // What a read that runs again has to begin with.
    struct Piece {
      std::vector<ListedUser> users;
      std::int64_t read = 0;
      std::string last;
    };
    const std::size_t room = limit - page.users.size();
    auto piece = co_await ground_.db.read([&](db::Tx& tx) {
      Piece found;
      found.last = after;
      for (ListedUser& user : users_after(tx, after, kChunk)) {
        if (found.users.size() == room) break;
        ++found.read;
        found.last = user.localpart;
        if (!matches(user, without_use)) continue;
        user.last_seen_at = last_seen(tx, user.id);
        if (matches(user, filter)) found.users.push_back(std::move(user));
      }
      return found;
    });
    after = piece.last;
    looked_at += std::max<std::int64_t>(piece.read, 1);
    std::ranges::move(piece.users, std::back_inserter(page.users));
    if (page.users.size() < limit && piece.read < kChunk) co_return page;
    if (page.users.size() >= limit) break;
  }
  const auto rest = co_await ground_.db.read([&](db::Tx& tx) { return users_after(tx, after, 1); });
  if (!rest.empty()) page.next = after;
  co_return page;
}

Task<UserListing::Result<UserDetails>> UserListing::show(std::string name) {
  auto sessions = co_await administration_.list_sessions(name);
  if (!sessions) co_return std::unexpected(sessions.error());
  UserDetails details;
  if (sessions->size() > kMostShown) {
    details.further_sessions = sessions->size() - kMostShown;
    sessions->resize(kMostShown);
  }
  details.sessions = std::move(*sessions);
  const bool found = co_await ground_.db.read([&](db::Tx& tx) {
    const auto user = accounts::find_user_named(tx, name, server_name_);
    if (!user) return false;
    const UserId id = user->account.id;
    details.user = listed_user(tx, id).value();
    details.user.last_seen_at = last_seen(tx, id);
    details.threepids = accounts::list_threepids(tx, id);
    details.browsers = signin::list_browsers(tx, id);
    details.recovery_link_until = recovery_link_until(tx, id, ground_.clock.now());
    return true;
  });
  if (!found) {
    co_return std::unexpected(
        AdminRefused{.why = AdminRefused::Why::no_such_user, .subject = std::move(name)});
  }
  co_return details;
}

Task<Totals> UserListing::count() {
  const Time now = ground_.clock.now();
  Totals totals;
  // Each piece is added after its read: that may run more than once.
  const auto walk = [this, &totals](auto read) -> Task<void> {
    std::optional<std::int64_t> last = std::numeric_limits<std::int64_t>::min();
    while (last) {
      Totals after;
      last = co_await ground_.db.read([&](db::Tx& tx) {
        after = totals;
        return read(tx, *last, after);
      });
      totals = after;
    }
  };
  co_await walk([now](db::Tx& tx, std::int64_t after, Totals& into) {
    return count_users(tx, after, now - kMonth, into);
  });
  co_await walk([now](db::Tx& tx, std::int64_t after, Totals& into) {
    return count_sessions(tx, after, now - kDay, now - kMonth, into);
  });
  co_await walk(
      [](db::Tx& tx, std::int64_t after, Totals& into) { return count_browsers(tx, after, into); });
  co_return totals;
}

}  // namespace latchkey::administration
