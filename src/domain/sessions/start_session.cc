// How sessions begin, and devices with them.

#include "domain/sessions/start_session.h"

#include <algorithm>
#include <ranges>

#include "domain/sessions/device_id.h"
#include "domain/sessions/folded_sessions.h"
#include "domain/sessions/session_rows.h"
#include "domain/sessions/sessions.h"
#include "platform/crypto/random.h"

namespace latchkey::sessions {
namespace {

Record fresh_record(UserId user, const std::optional<Device>& device, const NewSession& wanted,
                    Time now) {
  Record record;
  record.user = user;
  if (device) {
    record.device = device->key;
    record.device_id = device->id;
  }
  record.refreshes = wanted.refreshes;
  record.grant = wanted.grant;
  record.method = wanted.method;
  record.nonce = crypto::random_array<16>();
  record.created_at = record.last_active_at = now;
  record.seen_at = record.previous_issued_at = record.seen_issued_at = record.issued_at = now;
  return record;
}

}  // namespace

std::string new_device_id() { return crypto::random_text(crypto::kUpperCase, 10); }

// False: there is none, and nothing has ended.
bool Sessions::make_room(db::Tx& tx, UserId user, Holding what) {
  if (what == Holding::device) {
    const auto most = static_cast<std::int64_t>(policy_.maximum_per_user);
    const auto held = static_cast<std::size_t>(bound_devices(tx, user, most));
    return room_for_one_more(policy_, what, held).has_value();
  }
  auto open = open_sessions_without_device(tx, user);
  std::ranges::sort(open);  // an ID says when it began
  const auto over = room_for_one_more(policy_, what, open.size());
  open.resize(over.value_or(0));
  for (const SessionId id : open) end_row(tx, user, id, Ended::for_good, EndReason::crowded_out);
  if (!open.empty()) purge_excess(tx, user);
  return over.has_value();
}

std::optional<Device> Sessions::add_device(db::Tx& tx, UserId user,
                                           const std::optional<std::string>& device_id,
                                           const DeviceDetails& details) {
  require_account_held(tx, user);
  if (!make_room(tx, user, Holding::device)) return std::nullopt;
  // The account is locked, so a name given by the client cannot be taken in the meantime; what
  // can collide is a made-up name or key, and another try of the write makes another.
  Device device{details, ids_.next<DeviceKey>(clock_.now()), user,
                device_id.value_or(new_device_id())};
  insert_device(tx, device);
  const std::string& name = device.display_name;
  events_.tell(tx, events::DeviceAdded{user, device.key, device.id,
                                       name.empty() ? std::nullopt : std::optional(name)});
  return device;
}

Task<std::optional<Session>> Sessions::start_unlocked(const Account& account,
                                                      std::string_view password_hash,
                                                      NewSession& wanted) {
  if (!wanted.new_device || account.locked_at || account.deactivated_at) co_return std::nullopt;
  // Whoever listens writes in the same transaction, or has to be asked first.
  if (events_.heard<events::DeviceAdded>() || events_.heard<events::SessionStarted>()) {
    co_return std::nullopt;
  }
  const Time now = clock_.now();
  const Device device{wanted.device, ids_.next<DeviceKey>(now), account.id,
                      wanted.device_id.value()};
  Session session{fresh_record(account.id, device, wanted, now), account};
  session.record.id = ids_.next_of<SessionId>(now, device.key);
  const bool written = co_await insert_unchanged(db_, {.device = device,
                                                       .record = session.record,
                                                       .origin = wanted.origin,
                                                       .browser = wanted.browser,
                                                       .password_hash = password_hash,
                                                       .most_devices = policy_.maximum_per_user});
  if (written) co_return session;
  wanted.new_device = false;
  wanted.tried = std::move(session.record);
  co_return std::nullopt;
}

std::expected<Session, StartRefusal> Sessions::start(db::Tx& tx, const Account& account,
                                                     const NewSession& wanted) {
  require_account_held(tx, account.id);
  if (account.deactivated_at) return std::unexpected(StartRefusal::account_deactivated);
  if (account.locked_at) return std::unexpected(StartRefusal::account_locked);

  if (wanted.tried) {
    auto written = find_session(tx, wanted.tried->id);
    const bool mine = written && written->record.nonce == wanted.tried->nonce;
    // What has been ended since is not handed out: nobody knew of it yet, and another one begins.
    if (mine && written->record.ended == Ended::live) return std::move(*written);
  }

  std::optional<Device> device;
  if (wanted.device_id && !wanted.new_device)
    device = find_device(tx, account.id, *wanted.device_id);
  if (device) {
    end(tx, OneDevice{account.id, device->key}, Ended::softly, EndReason::taken_over);
    fold_taken_over(tx, device->key);
  } else if (wanted.holding() == Holding::device) {
    device = add_device(tx, account.id, wanted.device_id, wanted.device);
    if (!device) return std::unexpected(StartRefusal::too_many_devices);
  } else if (!make_room(tx, account.id, Holding::app)) {
    return std::unexpected(StartRefusal::too_many_devices);
  }

  const Time now = clock_.now();
  Session session{fresh_record(account.id, device, wanted, now), account};
  session.record.id =
      device ? ids_.next_of<SessionId>(now, device->key) : ids_.next<SessionId>(now);
  insert_session(tx, session.record, wanted.origin, wanted.browser);
  events_.tell(tx, events::SessionStarted{account.id, session.record.id, session.record.device});
  return session;
}

}  // namespace latchkey::sessions
