#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/sessions/devices.h"
#include "domain/sessions/origin.h"
#include "domain/sessions/record.h"
#include "platform/db/database.h"
#include "platform/db/row.h"
#include "platform/task.h"

// The columns of `users` that every lookup of a session or a browser joins.
template <>
struct latchkey::db::Columns<latchkey::sessions::Account> {
  using Account = sessions::Account;
  static constexpr auto kAll = std::tuple{
      column("id", &Account::id),
      column("localpart", &Account::localpart),
      column("admin", &Account::admin),
      column("locked_at", &Account::locked_at),
      column("suspended_at", &Account::suspended_at),
      column("deactivated_at", &Account::deactivated_at),
  };
};

// The SQL of sessions and user agents; that of devices is in devices.h. No rule is decided here.
namespace latchkey::sessions {

// The token path's lookup: one row by integer key. With `lock` the row stays locked until the
// transaction ends.
enum class Lock { no, yes };
std::optional<Session> find_session(db::Tx& tx, SessionId id, Lock lock = Lock::no);
// The same in a transaction of its own.
Task<std::optional<Session>> find_session(db::Database& db, SessionId id);

// The account's row, locked until the transaction ends. Whatever begins or ends sessions of an
// account takes this lock first, so that no session begins on a device that is just deleted.
std::optional<Account> lock_account(db::Tx& tx, UserId user);
// For those who lock or insert the row of a user by other columns.
void note_account_held(db::Tx& tx, UserId user);
// Throws std::logic_error unless this transaction has done one of these.
void require_account_held(const db::Tx& tx, UserId user);

// Writes everything that a refresh or a promotion changes, and how the session ended.
void update_session(db::Tx& tx, const Record& record);

// Writes what a refresh that goes on changes, in a transaction of its own, if the session and its
// account are still as `before`, from which that was decided: `stored_seen` is what the row said of
// `seen`, where `before` may know of a later use that is on its way to the database. False: they
// are not, or the connection was lost and this has been written before; to be decided again.
// Unavailable when its turn comes later than `patience`.
Task<bool> update_unchanged(db::Database& db, const Record& before, Generation stored_seen,
                            const Record& after, std::optional<Duration> patience);

// The same for the pair after the newest, without the row having been read: its newest pair is
// still the one of `before`, whether its client has used that already or not. `seen_at` is when it
// did, as far as the row does not know yet. Returns when it did, as the row knows now: as was
// given, if it had not known.
Task<std::optional<Time>> update_newest(db::Database& db, const Record& before, Time seen_at,
                                        Time now, std::optional<Duration> patience);

// A taken id is the write's to meet, which then runs again (Tx::insert_later).
void insert_session(db::Tx& tx, const Record& record, const Origin& origin,
                    std::optional<BrowserSessionId> browser = {});

// A session that begins on a device which is new.
struct Beginning {
  const Device& device;
  const Record& record;
  const Origin& origin;
  std::optional<BrowserSessionId> browser;
  std::string_view password_hash;  // that let the person in
  std::size_t most_devices;        // of the account
};
// Inserts both in a transaction of its own, without waiting for anybody: if the account still has
// that password, is neither locked nor deactivated, has room, and nobody else holds its row; and if
// the user agent need not be noted again. False: it is to be done under the lock, unless the
// connection was lost and this has been written before. Unavailable when its turn comes very late.
Task<bool> insert_unchanged(db::Database& db, const Beginning& wanted);

// Ends the session unless it is over already. A deliberate end overwrites a soft one.
// Returns whose it is; absent: the row has not changed.
std::optional<UserId> end_session(db::Tx& tx, SessionId id, Ended how, EndReason why, Time now);

// The sessions of one device or of one user that are not over yet.
std::vector<SessionId> open_sessions_of_device(db::Tx& tx, DeviceKey device);
// Those of them that are live: one at most.
std::vector<SessionId> live_session_of_device(db::Tx& tx, DeviceKey device);
// Whether a session that is not over began on the device of this one after it.
bool newer_session_on_device(db::Tx& tx, const Record& record);
std::vector<SessionId> open_sessions_of_user(db::Tx& tx, UserId user);
// The live sessions that a browser has let in.
std::vector<SessionId> live_sessions_let_in_by(db::Tx& tx, BrowserSessionId browser);
// Devices whose live session a browser has let in.
std::vector<DeviceKey> devices_let_in_by(db::Tx& tx, UserId user, BrowserSessionId browser);
// Those of clients without a Matrix scope.
std::vector<SessionId> open_sessions_without_device(db::Tx& tx, UserId user);

// From where the open sessions of the user of that name were last used, and those that ended
// softly: the most recent ones first, at most `limit`. Not where a person ended the session: that
// may have been somebody else's.
std::vector<std::string> addresses_of_user(db::Tx& tx, std::string_view localpart,
                                           std::int64_t limit);

// Ends every live session softly, in one statement. Returns how many.
std::int64_t end_every_session_softly(db::Tx& tx, EndReason why, Time now);

// Every session of the user, the ended ones too, newest first.
struct ListedSession {
  Session session;
  std::string device_display_name;
  std::string address;
  std::string user_agent;
};
std::vector<ListedSession> list_sessions(db::Tx& tx, UserId user);

// Last activity moves forward only; the address and the user agent go with it. A session that is
// over learns nothing more: its person may have been forgotten.
void update_activity(db::Tx& tx, SessionId id, Time at, const Origin& origin);

// The next `limit` devices past `after` (absent: from the first) that were deleted before `before`,
// by their keys. Looked for outside of the transaction that removes them: it may take a while.
std::vector<DeviceKey> devices_to_purge(db::Tx& tx, Time before, std::optional<DeviceKey> after,
                                        std::int64_t limit);
// Removes them with their sessions, except those whose absence would look like a loss (born in a
// gap): their rows alone can tell an ended session from a lost one. Returns how many it removed.
std::int64_t purge_devices(db::Tx& tx, std::span<const DeviceKey> devices);

// The same for sessions that never had a device.
std::vector<SessionId> sessions_to_purge(db::Tx& tx, Time before, std::optional<SessionId> after,
                                         std::int64_t limit);
std::int64_t purge_sessions(db::Tx& tx, std::span<const SessionId> sessions);

// Of an account that begins and ends sessions again and again: what is over beyond the newest so
// many goes before its time, a few rows at once. For who has just ended something for good.
void purge_excess(db::Tx& tx, UserId user);

}  // namespace latchkey::sessions
