#include "domain/sessions/session_rows.h"

#include <algorithm>
#include <array>
#include <functional>
#include <stdexcept>
#include <utility>

#include "domain/ground/id_source.h"
#include "domain/sessions/activity_rows.h"
#include "domain/sessions/devices.h"
#include "domain/sessions/lost_rows.h"
#include "domain/sessions/user_agents.h"
#include "platform/db/one_statement.h"
#include "platform/text/base64.h"

namespace latchkey::sessions {
namespace {

using Text = std::string;
using MaybeText = std::optional<std::string>;

// More than an honest person ends while they are kept, and little enough for one who fills the
// database.
constexpr std::int64_t kMostEndedOfAnAccount = 500;
// Until it is written, what begins has its moment in its id: after the next heartbeat its row, if
// it were lost, would look purged.
constexpr Duration kLongestBeginning = kHeartbeatMargin / 2;

Nonce nonce_from(const std::string& text) {
  Nonce nonce{};
  if (!text::decode_base64url(text, nonce)) {
    throw std::runtime_error("a session row holds a nonce that is not 128 bits");
  }
  return nonce;
}

MaybeText unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

template <class Id, class... Args>
std::vector<Id> ids(db::Tx& tx, std::string_view sql, const Args&... args) {
  std::vector<Id> result;
  tx.each<Id>(sql, [&](Id id) { result.push_back(id); }, args...);
  return result;
}

// What a list says of a session beside its record.
struct Described {
  std::string device_display_name;
  std::string address;
  std::string user_agent;
};

}  // namespace
}  // namespace latchkey::sessions

template <>
struct latchkey::db::Columns<latchkey::sessions::Described> {
  using Described = sessions::Described;
  static constexpr auto kAll = std::tuple{
      column<EmptyIsNull>("display_name", &Described::device_display_name),
      column<EmptyIsNull>("address", &Described::address),
      column<EmptyIsNull>("text", &Described::user_agent),
  };
};

template <>
struct latchkey::db::Columns<latchkey::sessions::Record> {
  using Record = sessions::Record;
  using MaybeText = sessions::MaybeText;
  // client and scope are there together, or neither.
  static constexpr auto client = [](const Record& record) {
    return record.grant ? std::optional<std::string_view>(record.grant->client) : std::nullopt;
  };
  static constexpr auto set_client = [](Record& record, MaybeText client) {
    if (client) record.grant = sessions::ClientGrant{*std::move(client), {}};
  };
  static constexpr auto scope = [](const Record& record) {
    return record.grant ? std::optional<std::string_view>(record.grant->scope) : std::nullopt;
  };
  static constexpr auto set_scope = [](Record& record, MaybeText scope) {
    if (record.grant) record.grant->scope = std::move(scope).value_or("");
  };
  static constexpr auto nonce = [](const Record& record) {
    return text::encode_base64url(record.nonce);
  };
  static constexpr auto set_nonce = [](Record& record, const std::string& nonce) {
    record.nonce = sessions::nonce_from(nonce);
  };

  static constexpr auto kAll = std::tuple{
      column("id", &Record::id),
      column("device", &Record::device),
      column<EmptyIsNull>("device_id", &Record::device_id),
      column("user_id", &Record::user),  // after device and device_id: see GuardedInsert
      computed<MaybeText>("client", client, set_client),
      computed<MaybeText>("scope", scope, set_scope),
      column("method", &Record::method),
      column("refreshes", &Record::refreshes),
      computed<std::string>("nonce", nonce, set_nonce),
      column("created_at", &Record::created_at),
      column("seen", &Record::seen),
      column("seen_at", &Record::seen_at),
      column("issued", &Record::issued),
      column("previous_issued_at", &Record::previous_issued_at),
      column("seen_issued_at", &Record::seen_issued_at),
      column("issued_at", &Record::issued_at),
      column("last_active_at", &Record::last_active_at),
      column("ended", &Record::ended),
      column("end_reason", &Record::end_reason),
      column("ended_at", &Record::ended_at),
  };
};

namespace latchkey::sessions {

namespace {

const Text& session_by_id() {
  static const Text sql = "SELECT " + db::column_list<Record>("s") + ", " +
                          db::column_list<Account>("u") +
                          " FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = :id";
  return sql;
}

}  // namespace

std::optional<Session> find_session(db::Tx& tx, SessionId id, Lock lock) {
  if (lock == Lock::yes) {
    // Of the session alone: on the join it would lock the account too.
    tx.one<SessionId>("SELECT id FROM sessions WHERE id = :id" + Text(tx.for_update()), id);
  }
  std::optional<Session> found;
  db::each_row<Record, Account>(
      tx, session_by_id(),
      [&](Record&& record, Account&& account) {
        found.emplace(std::move(record), std::move(account));
      },
      id);
  return found;
}

Task<std::optional<Session>> find_session(db::Database& db, SessionId id) {
  auto row = co_await db::read_row<Record, Account>(db, session_by_id(), id);
  if (!row) co_return std::nullopt;
  auto& [record, account] = *row;
  co_return Session{std::move(record), std::move(account)};
}

std::optional<Account> lock_account(db::Tx& tx, UserId user) {
  static const Text sql = "SELECT " + db::column_list<Account>() + " FROM users WHERE id = :id";
  auto account = db::row<Account>(tx, sql + Text(tx.for_update()), user);
  if (account) note_account_held(tx, user);
  return account;
}

void note_account_held(db::Tx& tx, UserId user) { tx.note_held("users", std::to_underlying(user)); }

void require_account_held(const db::Tx& tx, UserId user) {
  if (!tx.holds("users", std::to_underlying(user))) {
    throw std::logic_error("sessions of an account begin or end without its lock");
  }
}

// A refresh is a use that a crash does not forget with those that wait to be written: what counts
// the time without use may not find tokens younger than it. It never runs back with a clock.
void update_session(db::Tx& tx, const Record& r) {
  tx.later(
      "UPDATE sessions SET seen = :seen, seen_at = :seen_at, issued = :issued,"
      " previous_issued_at = :previous, seen_issued_at = :seen_issued, issued_at = :issued_at,"
      " last_active_at = CASE WHEN last_active_at < :issued_at THEN :issued_at"
      " ELSE last_active_at END,"
      " ended = :ended, end_reason = :reason, ended_at = :ended_at WHERE id = :id",
      r.seen, r.seen_at, r.issued, r.previous_issued_at, r.seen_issued_at, r.issued_at, r.ended,
      r.end_reason, r.ended_at, r.id);
}

// What a decision to go on depends on, and others change: which generations there are, since when,
// that nobody has ended the session, and that the account is neither locked nor deactivated.
Task<bool> update_unchanged(db::Database& db, const Record& before, Generation stored_seen,
                            const Record& after, std::optional<Duration> patience) {
  const std::int64_t changed = co_await db::change(
      db, std::to_underlying(after.id), patience,
      "UPDATE sessions SET seen = :seen, seen_at = :seen_at, issued = :issued,"
      " previous_issued_at = :previous, seen_issued_at = :seen_issued, issued_at = :issued_at,"
      " last_active_at = CASE WHEN last_active_at < :issued_at THEN :issued_at"
      " ELSE last_active_at END"
      " WHERE id = :id AND issued = :was_issued AND issued_at = :was_issued_at"
      " AND seen IN (:stored_seen, :was_seen) AND ended = 0 AND EXISTS (SELECT 1 FROM users u"
      " WHERE u.id = sessions.user_id AND u.locked_at IS NULL AND u.deactivated_at IS NULL)",
      after.seen, after.seen_at, after.issued, after.previous_issued_at, after.seen_issued_at,
      after.issued_at, after.id, before.issued, before.issued_at, stored_seen, before.seen);
  co_return changed == 1;
}

// As Record::promote() and the step `next` of decide_refresh() have it, for both that `seen` may
// be.
Task<std::optional<Time>> update_newest(db::Database& db, const Record& before, Time seen_at,
                                        Time now, std::optional<Duration> patience) {
  const auto changed = co_await db::change_row<Time>(
      db, std::to_underlying(before.id), patience,
      "UPDATE sessions SET"
      " previous_issued_at = CASE WHEN seen < issued THEN seen_issued_at"
      " ELSE previous_issued_at END,"
      " seen_issued_at = CASE WHEN seen < issued THEN issued_at ELSE seen_issued_at END,"
      " seen_at = CASE WHEN seen < issued THEN :seen_at ELSE seen_at END,"
      " seen = issued, issued = issued + 1, issued_at = :now,"
      " last_active_at = CASE WHEN last_active_at < :now THEN :now ELSE last_active_at END"
      " WHERE id = :id AND issued = :was_issued AND issued_at = :was_issued_at AND ended = 0"
      " AND EXISTS (SELECT 1 FROM users u"
      " WHERE u.id = sessions.user_id AND u.locked_at IS NULL AND u.deactivated_at IS NULL)"
      " RETURNING seen_at",
      seen_at, now, before.id, before.issued, before.issued_at);
  co_return changed ? std::optional(std::get<0>(*changed)) : std::nullopt;
}

void insert_session(db::Tx& tx, const Record& record, const Origin& origin,
                    std::optional<BrowserSessionId> browser) {
  static const Text sql = "INSERT INTO sessions (" + db::column_list<Record>() +
                          ", browser_session, address, user_agent) VALUES (" +
                          db::parameter_list<Record>() + ", :browser, :address, :agent)";
  db::insert_later(tx, sql, record, browser, unless_empty(origin.address),
                   keep_user_agent(tx, origin.user_agent, record.created_at));
}

namespace {

// One row, as long as `found` ("u.id FROM …") finds its user_id, which is never absent. On SQLite
// OR IGNORE passes over an absent one, as over a key that is taken: beside a trigger INSERT …
// SELECT would put its rows into a table of its own first. What `found` names of the row comes
// before its user_id, and the rest after: parameters are counted in the order in which they are met
// first.
struct GuardedInsert {
  Text sqlite;
  Text postgresql;

  // `insert`: "INSERT INTO" and the table.
  GuardedInsert(const Text& insert, const Text& columns, const Text& parameters, const Text& found,
                const Text& locking)
      : sqlite("INSERT OR IGNORE" + insert.substr(insert.find(" INTO ")) + " (" + columns +
               ") VALUES (" + in_place_of_user(parameters, "(SELECT " + found + ")") + ")"),
        postgresql(insert + " (" + columns + ") SELECT " + parameters +
                   found.substr(found.find(" FROM ")) + locking + " ON CONFLICT DO NOTHING") {}

  static Text in_place_of_user(Text parameters, const Text& selected) {
    constexpr std::string_view user = ":user_id";
    return parameters.replace(parameters.find(user), user.size(), selected);
  }
};

struct BeginTexts {
  GuardedInsert device;
  GuardedInsert session;
};

// The device first, as long as the account is as it was read: with its row locked, so that nobody
// changes the account, or ends what it has, until the commit. Whose row somebody else holds is
// passed over, for others wait in the same transaction. The session only on that device.
const BeginTexts& begin_texts() {
  static const BeginTexts texts{
      .device = {"INSERT INTO devices", db::column_list<Device>(), db::parameter_list<Device>(),
                 "u.id FROM users u WHERE u.id = :user_id AND u.password_hash = :hash"
                 " AND u.locked_at IS NULL AND u.deactivated_at IS NULL"
                 " AND u.devices_at_most < :most AND (:agent IS NULL OR EXISTS"
                 " (SELECT 1 FROM user_agents a WHERE a.id = :agent AND a.used_at > :noted_after))",
                 " FOR NO KEY UPDATE OF u SKIP LOCKED"},
      .session = {"INSERT INTO sessions",
                  db::column_list<Record>() + ", browser_session, address, user_agent",
                  db::parameter_list<Record>() + ", :browser, :address, :agent",
                  "d.user_id FROM devices d WHERE d.id = :device AND d.user_id = :user_id"
                  " AND d.device_id = :device_id AND d.deleted_at IS NULL",
                  ""}};
  return texts;
}

}  // namespace

Task<bool> insert_unchanged(db::Database& db, const Beginning& wanted) {
  const Record& record = wanted.record;
  const auto agent = user_agent_of(wanted.origin.user_agent);
  const auto key = agent ? std::optional(agent->key) : std::nullopt;
  const auto device = db::keep_parameters(wanted.device, std::string_view(wanted.password_hash),
                                          static_cast<std::int64_t>(wanted.most_devices), key,
                                          record.created_at - kUserAgentNotedEvery);
  const auto session =
      db::keep_parameters(record, wanted.browser, unless_empty(wanted.origin.address), key);
  const BeginTexts& texts = begin_texts();
  const std::array<db::Change, 2> changes{db::Change{.sql = texts.device.sqlite,
                                                     .postgresql = texts.device.postgresql,
                                                     .args = device.values()},
                                          db::Change{.sql = texts.session.sqlite,
                                                     .postgresql = texts.session.postgresql,
                                                     .args = session.values()}};
  const auto changed =
      co_await db::change_all(db, std::to_underlying(record.user), kLongestBeginning, changes);
  co_return changed[0] == 1 && changed[1] == 1;
}

std::optional<UserId> end_session(db::Tx& tx, SessionId id, Ended how, EndReason why, Time now) {
  const auto row = tx.one<UserId>(
      "UPDATE sessions SET ended = :ended, end_reason = :reason, ended_at = :now"
      " WHERE id = :id AND ended < :ended RETURNING user_id",
      how, why, now, id);
  return row ? std::optional(std::get<0>(*row)) : std::nullopt;
}

std::vector<SessionId> open_sessions_of_device(db::Tx& tx, DeviceKey device) {
  // Two branches, so that each uses its partial index.
  return ids<SessionId>(tx,
                        "SELECT id FROM sessions WHERE device = :device AND ended = 0"
                        " UNION ALL SELECT id FROM sessions WHERE device = :device AND ended = 1",
                        device);
}

std::vector<SessionId> live_session_of_device(db::Tx& tx, DeviceKey device) {
  return ids<SessionId>(tx, "SELECT id FROM sessions WHERE device = :device AND ended = 0", device);
}

bool newer_session_on_device(db::Tx& tx, const Record& record) {
  if (!record.device) return false;
  const auto open = open_sessions_of_device(tx, *record.device);
  return std::ranges::any_of(open, [&](SessionId id) { return id > record.id; });
}

std::vector<SessionId> open_sessions_of_user(db::Tx& tx, UserId user) {
  return ids<SessionId>(
      tx,
      "SELECT s.id FROM devices d JOIN sessions s ON s.device = d.id AND s.ended = 0"
      " WHERE d.user_id = :user AND d.deleted_at IS NULL"
      " UNION ALL SELECT s.id FROM devices d JOIN sessions s ON s.device = d.id AND s.ended = 1"
      " WHERE d.user_id = :user AND d.deleted_at IS NULL"
      " UNION ALL SELECT id FROM sessions"
      " WHERE user_id = :user AND device IS NULL AND ended < 2",
      user);
}

std::vector<SessionId> live_sessions_let_in_by(db::Tx& tx, BrowserSessionId browser) {
  return ids<SessionId>(tx,
                        "SELECT id FROM sessions WHERE browser_session = :browser"
                        " AND browser_session IS NOT NULL AND ended = 0",
                        browser);
}

std::vector<DeviceKey> devices_let_in_by(db::Tx& tx, UserId user, BrowserSessionId browser) {
  return ids<DeviceKey>(
      tx,
      "SELECT d.id FROM devices d JOIN sessions s ON s.device = d.id AND s.ended = 0"
      " WHERE d.user_id = :user AND d.deleted_at IS NULL AND s.browser_session = :browser",
      user, browser);
}

std::vector<SessionId> open_sessions_without_device(db::Tx& tx, UserId user) {
  return ids<SessionId>(
      tx, "SELECT id FROM sessions WHERE user_id = :user AND device IS NULL AND ended < 2", user);
}

std::vector<std::string> addresses_of_user(db::Tx& tx, std::string_view localpart,
                                           std::int64_t limit) {
  std::vector<std::string> result;
  for (auto& [address, active] : tx.all<Text, Time>(
           "SELECT s.address, s.last_active_at FROM users u JOIN devices d ON d.user_id = u.id"
           " JOIN sessions s ON s.device = d.id AND s.ended = 0"
           " WHERE u.localpart = :name AND d.deleted_at IS NULL AND s.address IS NOT NULL"
           " UNION ALL"
           " SELECT s.address, s.last_active_at FROM users u JOIN devices d ON d.user_id = u.id"
           " JOIN sessions s ON s.device = d.id AND s.ended = 1"
           " WHERE u.localpart = :name AND d.deleted_at IS NULL AND s.address IS NOT NULL"
           " ORDER BY 2 DESC LIMIT :limit",
           localpart, limit)) {
    result.push_back(std::move(address));
  }
  return result;
}

std::int64_t end_every_session_softly(db::Tx& tx, EndReason why, Time now) {
  return tx.run(
      "UPDATE sessions SET ended = :ended, end_reason = :reason, ended_at = :now WHERE ended = 0",
      Ended::softly, why, now);
}

std::vector<ListedSession> list_sessions(db::Tx& tx, UserId user) {
  // Branches by state, so that each uses its partial index.
  static const Text sql =
      "SELECT " + db::column_list<Record>("s") + ", " + db::column_list<Account>("u") +
      ", d.display_name, s.address, a.text FROM sessions s JOIN users u ON u.id = s.user_id"
      " LEFT JOIN devices d ON d.id = s.device LEFT JOIN user_agents a ON a.id = s.user_agent"
      " WHERE s.id IN ("
      "SELECT x.id FROM devices y JOIN sessions x ON x.device = y.id AND x.ended = 0"
      " WHERE y.user_id = :user AND y.deleted_at IS NULL"
      " UNION ALL SELECT x.id FROM devices y JOIN sessions x ON x.device = y.id AND x.ended = 1"
      " WHERE y.user_id = :user AND y.deleted_at IS NULL"
      " UNION ALL SELECT x.id FROM devices y JOIN sessions x ON x.device = y.id AND x.ended = 2"
      " WHERE y.user_id = :user AND y.deleted_at IS NOT NULL"
      " UNION ALL SELECT id FROM sessions WHERE user_id = :user AND device IS NULL"
      ") ORDER BY s.id DESC";
  std::vector<ListedSession> result;
  db::each_row<Record, Account, Described>(
      tx, sql,
      [&](Record&& record, Account&& account, Described&& described) {
        result.push_back({{std::move(record), std::move(account)},
                          std::move(described.device_display_name),
                          std::move(described.address),
                          std::move(described.user_agent)});
      },
      user);
  return result;
}

void update_activity(db::Tx& tx, SessionId id, Time at, const Origin& origin) {
  update_activity(tx, id, at, origin.address, keep_user_agent(tx, origin.user_agent, at));
}

void update_activity(db::Tx& tx, SessionId id, Time at, std::string_view address,
                     std::optional<std::int64_t> user_agent) {
  tx.later(
      "UPDATE sessions SET last_active_at = :at, address = COALESCE(:address, address),"
      " user_agent = COALESCE(:agent, user_agent) WHERE id = :id AND last_active_at <= :at"
      " AND ended < :over",
      at, address.empty() ? std::nullopt : std::optional(address), user_agent, id, Ended::for_good);
}

namespace {

// False when the row must stay: without it the session would look lost.
bool purge_ended(db::Tx& tx, SessionId id) {
  if (judge_lost(lost_row(tx, IdSource::born(id))).reason == Reason::lost) return false;
  tx.later("DELETE FROM sessions WHERE id = :id", id);
  return true;
}

// False: one of its sessions must stay, and the device with it.
bool purge_device(db::Tx& tx, DeviceKey device) {
  bool all_gone = true;
  for (const SessionId id :
       ids<SessionId>(tx, "SELECT id FROM sessions WHERE device = :device AND ended = 2", device)) {
    all_gone = purge_ended(tx, id) && all_gone;
  }
  if (all_gone) tx.later("DELETE FROM devices WHERE id = :id", device);
  return all_gone;
}

}  // namespace

void purge_excess(db::Tx& tx, UserId user) {
  constexpr std::int64_t kAtOnce = 10;  // more than one for each that ends
  for (const DeviceKey device :
       ids<DeviceKey>(tx,
                      "SELECT id FROM devices WHERE user_id = :user AND deleted_at IS NOT NULL"
                      " ORDER BY deleted_at DESC, id DESC LIMIT :limit OFFSET :kept",
                      user, kAtOnce, kMostEndedOfAnAccount)) {
    purge_device(tx, device);
  }
  for (const SessionId id :
       ids<SessionId>(tx,
                      "SELECT id FROM sessions WHERE user_id = :user AND device IS NULL"
                      " AND ended = 2 ORDER BY id DESC LIMIT :limit OFFSET :kept",
                      user, kAtOnce, kMostEndedOfAnAccount)) {
    purge_ended(tx, id);
  }
}

std::vector<SessionId> sessions_to_purge(db::Tx& tx, Time before, std::optional<SessionId> after,
                                         std::int64_t limit) {
  return ids<SessionId>(
      tx,
      "SELECT id FROM sessions WHERE device IS NULL AND ended = 2 AND ended_at < :before"
      " AND id > :after ORDER BY id LIMIT :limit",
      before, after.value_or(SessionId{}), limit);
}

std::int64_t purge_sessions(db::Tx& tx, std::span<const SessionId> sessions) {
  return std::ranges::count_if(sessions, [&](SessionId id) { return purge_ended(tx, id); });
}

std::vector<DeviceKey> devices_to_purge(db::Tx& tx, Time before, std::optional<DeviceKey> after,
                                        std::int64_t limit) {
  // A session with a device that is over has a deleted one, so the devices lead to all of them.
  return ids<DeviceKey>(
      tx,
      "SELECT id FROM devices WHERE deleted_at < :before AND id > :after ORDER BY id LIMIT :limit",
      before, after.value_or(DeviceKey{}), limit);
}

std::int64_t purge_devices(db::Tx& tx, std::span<const DeviceKey> devices) {
  return std::ranges::count_if(devices, [&](DeviceKey key) { return purge_device(tx, key); });
}

}  // namespace latchkey::sessions
