// What an administrator does to sessions.

#include <fmt/format.h>

#include "domain/accounts/administration.h"
#include "platform/text/rfc3339.h"
#include "platform/text/ulid.h"

namespace latchkey::accounts {
namespace {

using sessions::EndReason;

constexpr std::string_view kNoSuchSession = "there is no such session";

std::string described(const sessions::Record& record) {
  return fmt::format("session {}, device {}", text::format_id(record.id), record.device_id);
}

std::string counted(std::size_t sessions) { return fmt::format("{} sessions", sessions); }

}  // namespace

Administration::Result<std::vector<Administration::Listed>> Administration::list_sessions(
    std::string_view name) {
  using List = std::vector<Listed>;
  return ground_.db.read_now([&](db::Tx& tx) -> Result<List> {
    const auto user = find(tx, name);
    if (!user) return no_such_user(name);
    List result;
    for (auto& listed : sessions::list_sessions(tx, user->account.id)) {
      const sessions::Standing standing = sessions_.standing_of(listed.session);
      result.push_back({std::move(listed), standing});
    }
    return result;
  });
}

Administration::Result<std::size_t> Administration::soft_logout_user(const Operator& by,
                                                                     std::string_view name) {
  return ground_.db.write_now([&](db::Tx& tx) -> Result<std::size_t> {
    const auto user = find_locked(tx, name);
    if (!user) return no_such_user(name);
    const std::size_t ended =
        sessions_.end_all_softly(tx, user->account.id, EndReason::administrator_softly);
    if (ended > 0) note(tx, by, "user soft-logout", target(user->account), counted(ended));
    return ended;
  });
}

std::size_t Administration::soft_logout_everybody(const Operator& by) {
  return ground_.db.write_now([&](db::Tx& tx) {
    const std::size_t ended = sessions_.end_everything_softly(tx, EndReason::administrator_softly);
    if (ended > 0) note(tx, by, "session soft-logout-all", "everybody", counted(ended));
    return ended;
  });
}

Administration::Result<> Administration::end_session(const Operator& by, SessionId id) {
  return ground_.db.write_now([&](db::Tx& tx) -> Result<> {
    const auto session = sessions::find_session(tx, id);
    if (!session) return fail(std::string(kNoSuchSession));
    sessions::lock_account(tx, session->account.id);
    if (!sessions_.end_for_good(tx, *session, EndReason::administrator)) {
      return fail("the session is over already");
    }
    note(tx, by, "session end", target(session->account), described(session->record));
    return {};
  });
}

Administration::Result<> Administration::soft_logout_session(const Operator& by, SessionId id) {
  return ground_.db.write_now([&](db::Tx& tx) -> Result<> {
    const auto session = sessions::find_session(tx, id);
    if (!session) return fail(std::string(kNoSuchSession));
    sessions::lock_account(tx, session->account.id);
    if (!sessions_.end_softly(tx, id, EndReason::administrator_softly)) {
      return fail("the session has ended already");
    }
    note(tx, by, "session soft-logout", target(session->account), described(session->record));
    return {};
  });
}

void Administration::mark_gap(const Operator& by, Time from, Time to) {
  ground_.db.write_now([&](db::Tx& tx) {
    sessions::add_gap(tx, from, to, ground_.clock.now());
    note(tx, by, "session mark-gap", "everybody",
         fmt::format("from {} to {}", text::format_rfc3339(from), text::format_rfc3339(to)));
  });
}

}  // namespace latchkey::accounts
