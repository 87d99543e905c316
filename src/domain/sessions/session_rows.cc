#include "domain/sessions/session_rows.h"

#include <algorithm>
#include <functional>

#include "domain/sessions/ids.h"
#include "domain/sessions/lost_rows.h"
#include "platform/crypto/hash.h"
#include "platform/text/base64.h"
#include "platform/text/utf8.h"

namespace latchkey::sessions {
namespace {

using Text = std::string;
using MaybeText = std::optional<std::string>;
using MaybeTime = std::optional<Time>;
using MaybeInt = std::optional<std::int64_t>;

constexpr std::string_view kSessionColumns =
    "s.id, s.user_id, s.device, s.refreshes, s.nonce, s.created_at, s.seen, s.seen_at, s.issued, "
    "s.previous_issued_at, s.seen_issued_at, s.issued_at, s.last_active_at, s.ended, "
    "s.end_reason, s.ended_at, u.localpart, u.admin, u.locked_at, u.suspended_at, "
    "u.deactivated_at, s.device_id, s.client, s.scope, s.method";

constexpr std::size_t kLongestUserAgent = 255;

Nonce nonce_from(const std::string& text) {
  Nonce nonce{};
  if (!text::decode_base64url(text, nonce)) {
    throw std::runtime_error("a session row holds a nonce that is not 128 bits");
  }
  return nonce;
}

template <class Row>
Session session_from(Row& row) {
  Session session;
  Record& r = session.record;
  Account& a = session.account;
  std::string nonce;
  MaybeText device_id;
  MaybeText client;
  MaybeText scope;
  std::tie(r.id, r.user, r.device, r.refreshes, nonce, r.created_at, r.seen, r.seen_at, r.issued,
           r.previous_issued_at, r.seen_issued_at, r.issued_at, r.last_active_at, r.ended,
           r.end_reason, r.ended_at, a.localpart, a.admin, a.locked_at, a.suspended_at,
           a.deactivated_at, device_id, client, scope, r.method) = std::move(row);
  r.nonce = nonce_from(nonce);
  a.id = r.user;
  r.device_id = std::move(device_id).value_or("");
  if (client) r.grant = ClientGrant{*std::move(client), std::move(scope).value_or("")};
  return session;
}

MaybeText unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

std::vector<SessionId> ids(const std::vector<std::tuple<std::int64_t>>& rows) {
  std::vector<SessionId> result;
  result.reserve(rows.size());
  for (const auto& [id] : rows) result.push_back(id);
  return result;
}

}  // namespace

std::optional<Session> find_session(db::Tx& tx, SessionId id, Lock lock) {
  static const std::string plain = "SELECT " + Text(kSessionColumns) +
                                   " FROM sessions s JOIN users u ON u.id = s.user_id"
                                   " WHERE s.id = :id";
  if (lock == Lock::yes) {
    // Of the session alone: on the join it would lock the account too.
    tx.one<std::int64_t>("SELECT id FROM sessions WHERE id = :id" + Text(tx.for_update()), id);
  }
  auto row =
      tx.one<std::int64_t, std::int64_t, MaybeInt, bool, Text, Time, int, Time, int, Time, Time,
             Time, Time, Ended, std::optional<EndReason>, MaybeTime, Text, bool, MaybeTime,
             MaybeTime, MaybeTime, MaybeText, MaybeText, MaybeText, std::optional<Method>>(plain,
                                                                                           id);
  if (!row) return std::nullopt;
  return session_from(*row);
}

std::optional<Account> lock_account(db::Tx& tx, UserId user) {
  const auto row = tx.one<std::int64_t, Text, bool, MaybeTime, MaybeTime, MaybeTime>(
      "SELECT id, localpart, admin, locked_at, suspended_at, deactivated_at FROM users"
      " WHERE id = :id" +
          Text(tx.for_update()),
      user);
  if (!row) return std::nullopt;
  return std::make_from_tuple<Account>(*row);
}

void update_session(db::Tx& tx, const Record& r) {
  tx.run(
      "UPDATE sessions SET seen = :seen, seen_at = :seen_at, issued = :issued,"
      " previous_issued_at = :previous, seen_issued_at = :seen_issued, issued_at = :issued_at,"
      " ended = :ended, end_reason = :reason, ended_at = :ended_at WHERE id = :id",
      r.seen, r.seen_at, r.issued, r.previous_issued_at, r.seen_issued_at, r.issued_at, r.ended,
      r.end_reason, r.ended_at, r.id);
}

bool insert_session(db::Tx& tx, const Record& r, const Origin& origin,
                    std::optional<BrowserSessionId> browser) {
  return tx.run(
             "INSERT INTO sessions (id, user_id, device, device_id, client, scope, method,"
             " browser_session, refreshes, nonce, created_at, seen, seen_at, issued,"
             " previous_issued_at, seen_issued_at, issued_at, last_active_at, address, user_agent)"
             " VALUES (:id, :user, :device, :device_id, :client, :scope, :method, :browser,"
             " :refreshes, :nonce, :created, :seen, :seen_at, :issued, :previous, :seen_issued,"
             " :issued_at, :active, :address, :agent) ON CONFLICT (id) DO NOTHING",
             r.id, r.user, r.device, unless_empty(r.device_id),
             r.grant ? MaybeText(r.grant->client) : std::nullopt,
             r.grant ? MaybeText(r.grant->scope) : std::nullopt, r.method, browser, r.refreshes,
             text::encode_base64url(r.nonce), r.created_at, r.seen, r.seen_at, r.issued,
             r.previous_issued_at, r.seen_issued_at, r.issued_at, r.last_active_at,
             unless_empty(origin.address), keep_user_agent(tx, origin.user_agent)) == 1;
}

bool end_session(db::Tx& tx, SessionId id, Ended how, EndReason why, Time now) {
  return tx.run(
             "UPDATE sessions SET ended = :ended, end_reason = :reason, ended_at = :now"
             " WHERE id = :id AND ended < :ended",
             how, why, now, id) > 0;
}

std::vector<SessionId> open_sessions_of_device(db::Tx& tx, DeviceKey device) {
  // Two branches, so that each uses its partial index.
  return ids(tx.all<std::int64_t>(
      "SELECT id FROM sessions WHERE device = :device AND ended = 0"
      " UNION ALL SELECT id FROM sessions WHERE device = :device AND ended = 1",
      device));
}

bool newer_session_on_device(db::Tx& tx, const Record& record) {
  if (!record.device) return false;
  const auto open = open_sessions_of_device(tx, *record.device);
  return std::ranges::any_of(open, [&](SessionId id) { return id > record.id; });
}

std::vector<SessionId> open_sessions_of_user(db::Tx& tx, UserId user) {
  return ids(tx.all<std::int64_t>(
      "SELECT s.id FROM devices d JOIN sessions s ON s.device = d.id AND s.ended = 0"
      " WHERE d.user_id = :user AND d.deleted_at IS NULL"
      " UNION ALL SELECT s.id FROM devices d JOIN sessions s ON s.device = d.id AND s.ended = 1"
      " WHERE d.user_id = :user AND d.deleted_at IS NULL"
      " UNION ALL SELECT id FROM sessions"
      " WHERE user_id = :user AND device IS NULL AND ended < 2",
      user));
}

std::vector<DeviceKey> devices_let_in_by(db::Tx& tx, UserId user, BrowserSessionId browser) {
  return ids(tx.all<std::int64_t>(
      "SELECT d.id FROM devices d JOIN sessions s ON s.device = d.id AND s.ended = 0"
      " WHERE d.user_id = :user AND d.deleted_at IS NULL AND s.browser_session = :browser",
      user, browser));
}

std::vector<SessionId> open_sessions_without_device(db::Tx& tx, UserId user) {
  return ids(tx.all<std::int64_t>(
      "SELECT id FROM sessions WHERE user_id = :user AND device IS NULL AND ended < 2", user));
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
  std::vector<SessionId> all = open_sessions_of_user(tx, user);
  const auto over = ids(tx.all<std::int64_t>(
      "SELECT s.id FROM devices d JOIN sessions s ON s.device = d.id AND s.ended = 2"
      " WHERE d.user_id = :user AND d.deleted_at IS NOT NULL"
      " UNION ALL SELECT id FROM sessions WHERE user_id = :user AND device IS NULL AND ended = 2",
      user));
  all.insert(all.end(), over.begin(), over.end());
  std::ranges::sort(all, std::greater<>());
  std::vector<ListedSession> result;
  result.reserve(all.size());
  for (const SessionId id : all) {
    auto [name, address, agent] = tx.one<MaybeText, MaybeText, MaybeText>(
                                        "SELECT d.display_name, s.address, a.text FROM sessions s"
                                        " LEFT JOIN devices d ON d.id = s.device"
                                        " LEFT JOIN user_agents a ON a.id = s.user_agent"
                                        " WHERE s.id = :id",
                                        id)
                                      .value();
    result.push_back({find_session(tx, id).value(), name.value_or(""), address.value_or(""),
                      agent.value_or("")});
  }
  return result;
}

std::optional<DeviceKey> find_device(db::Tx& tx, UserId user, std::string_view device_id) {
  const auto row = tx.one<std::int64_t>(
      "SELECT id FROM devices WHERE user_id = :user AND device_id = :device"
      " AND deleted_at IS NULL",
      user, device_id);
  return row ? std::optional(std::get<0>(*row)) : std::nullopt;
}

std::vector<DeviceKey> devices_of_user(db::Tx& tx, UserId user) {
  return ids(tx.all<std::int64_t>(
      "SELECT id FROM devices WHERE user_id = :user AND deleted_at IS NULL", user));
}

bool insert_device(db::Tx& tx, DeviceKey key, UserId user, std::string_view device_id,
                   const std::optional<std::string>& display_name) {
  return tx.run(
             "INSERT INTO devices (id, user_id, device_id, display_name)"
             " VALUES (:id, :user, :device, :name) ON CONFLICT DO NOTHING",
             key, user, device_id, display_name) == 1;
}

void delete_device(db::Tx& tx, DeviceKey key, Time now) {
  tx.run("UPDATE devices SET deleted_at = :now WHERE id = :id AND deleted_at IS NULL", now, key);
}

void delete_devices_of_user(db::Tx& tx, UserId user, Time now) {
  tx.run("UPDATE devices SET deleted_at = :now WHERE user_id = :user AND deleted_at IS NULL", now,
         user);
}

void forget_devices_of_user(db::Tx& tx, UserId user) {
  tx.run(
      "UPDATE sessions SET address = NULL, user_agent = NULL WHERE ended = 2 AND device IN"
      " (SELECT id FROM devices WHERE user_id = :user AND deleted_at IS NOT NULL)",
      user);
  tx.run(
      "UPDATE sessions SET address = NULL, user_agent = NULL"
      " WHERE user_id = :user AND device IS NULL AND ended = 2",
      user);
  tx.run("UPDATE devices SET display_name = NULL WHERE user_id = :user AND deleted_at IS NOT NULL",
         user);
}

std::int64_t count_devices(db::Tx& tx, UserId user) {
  return std::get<0>(*tx.one<std::int64_t>(
      "SELECT COUNT(*) FROM devices WHERE user_id = :user AND deleted_at IS NULL", user));
}

std::optional<std::int64_t> keep_user_agent(db::Tx& tx, std::string_view text) {
  if (text.empty() || !text::valid_utf8(text)) return std::nullopt;
  const std::string_view kept = text::truncate_utf8(text, kLongestUserAgent);
  const auto digest = crypto::sha256(kept);
  std::uint64_t id = 0;
  for (int i = 0; i < 8; ++i) id = (id << 8) | digest[static_cast<std::size_t>(i)];
  const auto key = static_cast<std::int64_t>(id >> 1);
  tx.run("INSERT INTO user_agents (id, text) VALUES (:id, :text) ON CONFLICT DO NOTHING", key,
         kept);
  return key;
}

void update_activity(db::Tx& tx, SessionId id, Time at, const Origin& origin) {
  const auto agent = keep_user_agent(tx, origin.user_agent);
  tx.run(
      "UPDATE sessions SET last_active_at = :at, address = COALESCE(:address, address),"
      " user_agent = COALESCE(:agent, user_agent) WHERE id = :id AND last_active_at < :at"
      " AND ended < :over",
      at, unless_empty(origin.address), agent, id, Ended::for_good);
}

namespace {

// False when the row must stay: without it the session would look lost.
bool purge_ended(db::Tx& tx, SessionId id) {
  if (judge_lost(lost_row(tx, IdSource::born(id))).reason == Reason::lost) return false;
  tx.run("DELETE FROM sessions WHERE id = :id", id);
  return true;
}

}  // namespace

std::optional<SessionId> purge_sessions_without_device(db::Tx& tx, Time before, SessionId after,
                                                       std::int64_t limit) {
  std::optional<SessionId> last;
  for (const auto& [id] : tx.all<std::int64_t>(
           "SELECT id FROM sessions WHERE device IS NULL AND ended = 2 AND ended_at < :before"
           " AND id > :after ORDER BY id LIMIT :limit",
           before, after, limit)) {
    purge_ended(tx, id);
    last = id;
  }
  return last;
}

std::optional<DeviceKey> purge_devices(db::Tx& tx, Time before, DeviceKey after,
                                       std::int64_t limit) {
  // A session with a device that is over has a deleted one, so the devices lead to all of them.
  std::optional<DeviceKey> last;
  for (const auto& [device] : tx.all<std::int64_t>(
           "SELECT id FROM devices WHERE deleted_at < :before AND id > :after ORDER BY id"
           " LIMIT :limit",
           before, after, limit)) {
    bool all_gone = true;
    for (const auto& [id] : tx.all<std::int64_t>(
             "SELECT id FROM sessions WHERE device = :device AND ended = 2", device)) {
      all_gone = purge_ended(tx, id) && all_gone;
    }
    if (all_gone) tx.run("DELETE FROM devices WHERE id = :id", device);
    last = device;
  }
  return last;
}

}  // namespace latchkey::sessions
