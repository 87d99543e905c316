#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/administration/administration.h"
#include "domain/signin/browser_sessions.h"

// What operators read of accounts: lists, one account, how many there are. Each read is a bounded
// piece along an index, so that a large server is not held up: a search that finds nothing looks at
// 20 000 accounts, and says where to go on.
namespace latchkey::administration {

struct ListedUser {
  UserId id{};
  std::string localpart{};
  std::string display_name{};  // empty: none
  bool admin = false;
  bool has_password = false;
  Time created_at{};
  std::optional<Time> locked_at{};
  std::optional<Time> suspended_at{};
  std::optional<Time> deactivated_at{};
  std::optional<Time> erased_at{};
  // The last request of any of its sessions or browsers that is still known; absent: none is.
  std::optional<Time> last_seen_at{};
};

// All that are given must hold.
struct UserFilter {
  std::string search{};  // in the name or the display name, whatever the case of ASCII letters
  bool locked = false;
  bool suspended = false;
  bool deactivated = false;
  bool admin = false;
  std::optional<Time> not_seen_since{};  // nor created since
};

// Pure. `last_seen_at` is asked for only with not_seen_since.
bool matches(const ListedUser& user, const UserFilter& filter);

struct UserPage {
  std::vector<ListedUser> users;  // by name
  // After which name the list goes on; absent: nowhere.
  std::optional<std::string> next;
};

struct UserDetails {
  ListedUser user;
  std::vector<accounts::ListedThreepid> threepids;
  std::vector<Administration::Listed> sessions;  // the newest first, at most kMostShown
  std::size_t further_sessions = 0;
  std::vector<signin::BrowserSession> browsers;  // the last used first
  std::optional<Time> recovery_link_until;       // it has a link with which a password can be set
};
inline constexpr std::size_t kMostShown = 50;

struct Totals {
  std::int64_t users = 0;  // those below included
  std::int64_t administrators = 0;
  std::int64_t locked = 0;
  std::int64_t suspended = 0;
  std::int64_t deactivated = 0;
  std::int64_t created_lately = 0;     // within 30 days
  std::int64_t sessions = 0;           // that have not ended
  std::int64_t sessions_of_a_day = 0;  // and were used within it
  std::int64_t sessions_of_a_month = 0;
  std::int64_t browsers = 0;
};

class UserListing {
 public:
  UserListing(const Ground& ground, Administration& administration, std::string server_name)
      : ground_(ground), administration_(administration), server_name_(std::move(server_name)) {}

  template <class T = void>
  using Result = Administration::Result<T>;

  // Those behind `after`, at most `limit`.
  Task<UserPage> list(UserFilter filter, std::string after, std::size_t limit);
  Task<Result<UserDetails>> show(std::string name);
  Task<Totals> count();

  const std::string& server_name() const { return server_name_; }
  Time now() const { return ground_.clock.now(); }

 private:
  const Ground& ground_;
  Administration& administration_;
  const std::string server_name_;
};

}  // namespace latchkey::administration
