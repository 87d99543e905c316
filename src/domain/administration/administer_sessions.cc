// What operators do to sessions.

#include <fmt/format.h>

#include "domain/administration/administration.h"
#include "domain/self/proof.h"
#include "platform/text/counted.h"
#include "platform/text/rfc3339.h"
#include "platform/text/ulid.h"

namespace latchkey::administration {
namespace {

using sessions::EndReason;

std::string described(const sessions::Record& record) {
  return fmt::format("session {}, device {}", text::format_id(record.id), record.device_id);
}

}  // namespace

Task<Administration::Result<std::vector<Administration::Listed>>> Administration::list_sessions(
    std::string name) {
  using List = std::vector<Listed>;
  co_return co_await ground_.db.read([&](db::Tx& tx) -> Result<List> {
    const auto user = find(tx, name);
    if (!user) return refuse(Why::no_such_user, name);
    List result;
    for (auto& listed : sessions::list_sessions(tx, user->account.id)) {
      const sessions::Standing standing = sessions_.standing_of(listed.session);
      result.push_back({std::move(listed), standing});
    }
    return result;
  });
}

Task<Administration::Result<std::size_t>> Administration::soft_logout_user(Operator by,
                                                                           std::string name) {
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<std::size_t> {
    const auto who = admit(tx, name, Which::deactivated_too);
    if (!who) return std::unexpected(who.error());
    const std::size_t ended = sessions_.end(tx, sessions::AllOf{who->account.id}, Ended::softly,
                                            EndReason::administrator_softly);
    if (ended > 0)
      note(tx, by, "user soft-logout", target(who->account), text::counted(ended, "session"));
    return ended;
  });
}

Task<Administration::Result<std::size_t>> Administration::sign_out_user(Operator by,
                                                                        std::string name) {
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<std::size_t> {
    const auto who = admit(tx, name, Which::deactivated_too);
    if (!who) return std::unexpected(who.error());
    const std::size_t ended = sessions_.end(tx, sessions::AllOf{who->account.id}, Ended::for_good,
                                            EndReason::administrator);
    // Also of one without sessions: a browser may have been signed in.
    note(tx, by, "user sign-out", target(who->account), text::counted(ended, "session"));
    return ended;
  });
}

Task<std::size_t> Administration::soft_logout_everybody(Operator by) {
  co_return co_await ground_.db.write([&](db::Tx& tx) {
    const std::size_t ended =
        sessions_.end(tx, sessions::Everybody{}, EndReason::administrator_softly);
    if (ended > 0)
      note(tx, by, "session soft-logout-all", "everybody", text::counted(ended, "session"));
    return ended;
  });
}

Task<Administration::Result<>> Administration::end_session(Operator by, SessionId id) {
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<> {
    const auto session = sessions::find_session(tx, id);
    if (!session) return refuse(Why::no_such_session);
    sessions::lock_account(tx, session->account.id);
    if (!sessions_.end(tx, *session, Ended::for_good, EndReason::administrator)) {
      return refuse(Why::session_over);
    }
    note(tx, by, "session end", target(session->account), described(session->record));
    return {};
  });
}

Task<Administration::Result<>> Administration::soft_logout_session(Operator by, SessionId id) {
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<> {
    const auto session = sessions::find_session(tx, id);
    if (!session) return refuse(Why::no_such_session);
    sessions::lock_account(tx, session->account.id);
    if (!sessions_.end(tx, *session, Ended::softly, EndReason::administrator_softly)) {
      return refuse(Why::session_ended);
    }
    note(tx, by, "session soft-logout", target(session->account), described(session->record));
    return {};
  });
}

Task<Administration::Result<>> Administration::mark_gap(Operator by, Time from, Time to) {
  if (to < from) co_return refuse(Why::gap_ends_before_it_begins);
  co_await ground_.db.write([&](db::Tx& tx) {
    sessions::add_gap(tx, from, to, ground_.clock.now());
    note(tx, by, "session mark-gap", "everybody",
         fmt::format("from {} to {}", text::format_rfc3339(from), text::format_rfc3339(to)));
  });
  co_return Result<>{};
}

}  // namespace latchkey::administration
