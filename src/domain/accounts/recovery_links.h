#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "domain/sessions/record.h"
#include "platform/config/bounds.h"
#include "platform/db/tx.h"

// Links with which a person who has forgotten their password sets a new one, once. An
// administrator makes them and hands them over: nothing is sent. Only hashes are kept.
namespace latchkey::accounts {

// The options of `recovery:`.
struct RecoveryOptions {
  Duration link_lifetime = std::chrono::hours{24};

  template <class Visitor>
  void options(Visitor& visit) {
    using namespace std::chrono_literals;
    visit("link_lifetime", link_lifetime,
          "How long a link that latchkey user recovery-link makes may be used, once.",
          config::Between{1min, 24h * 30});
  }
};

struct NewRecoveryLink {
  std::string token;
  Time expires_at;
};

// In the place of the user's link before it.
NewRecoveryLink make_recovery_link(db::Tx& tx, UserId user, Duration lifetime, Time now);

// Whose link this is; absent: nobody's, any more or ever.
std::optional<UserId> find_recovery_link(db::Tx& tx, std::string_view token, Time now);

void delete_recovery_links_of(db::Tx& tx, UserId user);
// Deletes what has expired.
std::int64_t purge_recovery_links(db::Tx& tx, Time now, std::int64_t limit);

}  // namespace latchkey::accounts
