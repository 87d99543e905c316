#include "domain/sessions/start_session.h"

#include <algorithm>

#include "domain/sessions/devices.h"
#include "domain/sessions/session_rows.h"
#include "platform/crypto/random.h"

namespace latchkey::sessions {
namespace {

// The account is locked, so a name given by the client cannot be taken in the meantime; what
// can collide is a made-up name or key, and another try makes another.
Device make_device(db::Tx& tx, const events::Events& events, IdSource& ids, UserId user,
                   const NewSession& wanted, Time now) {
  for (;;) {
    Device device{wanted.device, ids.next<DeviceKey>(now), user,
                  wanted.device_id.value_or(crypto::random_text(crypto::kUpperCase, 10))};
    if (add_device(tx, events, device)) return device;
  }
}

void end_older(db::Tx& tx, const Announcer& announcer, const events::Events& events, SessionId id,
               Ended how, EndReason why, Time now) {
  if (const auto user = end_session(tx, id, how, why, now)) {
    announcer.session(tx, id);
    events.tell(tx, events::SessionEnded{*user, id, how, why});
  }
}

// Nobody misses the oldest: it has no keys, and its client asks the person once more.
void make_room_without_device(db::Tx& tx, const Announcer& announcer, const events::Events& events,
                              const Policy& policy, UserId user, Time now) {
  auto open = open_sessions_without_device(tx, user);
  std::ranges::sort(open);  // an ID says when it began
  while (!open.empty() && open.size() >= policy.maximum_per_user) {
    end_older(tx, announcer, events, open.front(), Ended::for_good, EndReason::crowded_out, now);
    open.erase(open.begin());
  }
}

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

std::expected<Session, StartRefusal> start_session(db::Tx& tx, const Announcer& announcer,
                                                   const events::Events& events, IdSource& ids,
                                                   const Policy& policy, const Account& account,
                                                   const NewSession& wanted, Time now) {
  if (account.deactivated_at) return std::unexpected(StartRefusal::account_deactivated);
  if (account.locked_at) return std::unexpected(StartRefusal::account_locked);

  std::optional<Device> device;
  if (wanted.device_id) device = find_device(tx, account.id, *wanted.device_id);
  if (device) {
    for (const SessionId older : open_sessions_of_device(tx, device->key)) {
      end_older(tx, announcer, events, older, Ended::softly, EndReason::taken_over, now);
    }
  } else if (!wanted.grant || wanted.device_id) {
    if (count_devices(tx, account.id) >= static_cast<std::int64_t>(policy.maximum_per_user)) {
      return std::unexpected(StartRefusal::too_many_devices);
    }
    device = make_device(tx, events, ids, account.id, wanted, now);
  } else {
    make_room_without_device(tx, announcer, events, policy, account.id, now);
  }

  Session session{fresh_record(account.id, device, wanted, now), account};
  do {
    session.record.id = ids.next<SessionId>(now);
  } while (!insert_session(tx, session.record, wanted.origin, wanted.browser));
  events.tell(tx, events::SessionStarted{account.id, session.record.id, session.record.device});
  return session;
}

}  // namespace latchkey::sessions
