#include "domain/sessions/announcer.h"

#include <charconv>
#include <string>

namespace latchkey::sessions {

void Announcer::session(db::Tx& tx, SessionId id) const {
  tx.notify("session " + std::to_string(std::to_underlying(id)));
  tx.after_commit([&changes = changes_, id] { changes.session_changed(id); });
}

void Announcer::account(db::Tx& tx, UserId id) const {
  tx.notify("account " + std::to_string(std::to_underlying(id)));
  tx.after_commit([&changes = changes_, id] { changes.account_changed(id); });
}

void Announcer::everything(db::Tx& tx) const {
  tx.notify("everything");
  tx.after_commit([&changes = changes_] { changes.everything_changed(); });
}

void Announcer::hear(std::string_view payload) const {
  const auto space = payload.find(' ');
  const std::string_view what = payload.substr(0, space);
  const std::string_view number = space == payload.npos ? "" : payload.substr(space + 1);
  std::int64_t id = 0;
  const bool read =
      std::from_chars(number.data(), number.data() + number.size(), id).ec == std::errc{};
  if (read && what == "session") {
    changes_.session_changed(SessionId{id});
  } else if (read && what == "account") {
    changes_.account_changed(UserId{id});
  } else {
    // "everything", or said by a newer version: forget all rather than miss a revocation.
    changes_.everything_changed();
  }
}

}  // namespace latchkey::sessions
