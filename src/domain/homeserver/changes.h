#pragma once

#include <string>
#include <string_view>

#include "domain/events/events.h"
#include "domain/homeserver/homeserver.h"
#include "domain/outbox/outbox.h"
#include "platform/db/database.h"

// What the homeserver is told by the outbox: each item is written in the transaction of its cause,
// and names what has changed, not how. Whoever delivers it reads how things are then and makes the
// homeserver's the same. So an item may come twice or late, and two changes may meet in one: the
// same one that waits already gives way (outbox.h). The order of a user's items matters only for a
// device that is deleted and made again, and a sign-in waits for that (provisioning.h).
namespace latchkey::homeserver {

inline constexpr std::string_view kConsumer = "homeserver";

// Listens to what happens to accounts and devices.
void listen(events::Events& events, outbox::Outbox& outbox);

// Whether somebody's reset of their encryption identity has not been allowed there yet.
bool reset_waits(db::Tx& tx, UserId user);

// Has the device made the same at the homeserver as it is here, once that is settled: it goes there
// unless it is here. Makes void every record of it (homeserver_rows.h).
void settle_device(db::Tx& tx, outbox::Outbox& outbox, const std::string& localpart,
                   const std::string& device_id);

// Has everything told once more that is the account's own: not its devices, nor its display name.
void tell_everything(db::Tx& tx, outbox::Outbox& outbox, UserId user, const std::string& localpart);

// Whether an item for that device has not been delivered yet, as far as the commits before go.
bool device_waits(db::Tx& tx, const std::string& localpart, const std::string& device_id);

// Whether so much waits of that user that no further device is to be begun: one that comes to
// nothing while the homeserver fails is an item more.
bool much_waits(db::Tx& tx, const std::string& localpart);

class Deliveries final : public outbox::Consumer {
 public:
  Deliveries(db::Database& db, Homeserver& homeserver, const Clock& clock)
      : db_(db), homeserver_(homeserver), clock_(clock) {}

  std::string_view name() const override { return kConsumer; }
  std::size_t parallel() const override { return 8; }
  outbox::Delivery deliver(const outbox::Item& item, const outbox::AttemptLimits& limits) override;

 private:
  Reply<> deliver_account(const std::string& localpart, const CallLimits& limits);
  Reply<> deliver_display_name(const std::string& localpart, const CallLimits& limits);
  Reply<> deliver_device(const std::string& localpart, const std::string& device_id,
                         const CallLimits& limits);
  Reply<> deliver_suspension(const std::string& localpart, const CallLimits& limits);
  Reply<> deliver_reset(const std::string& localpart, const CallLimits& limits);

  db::Database& db_;
  Homeserver& homeserver_;
  const Clock& clock_;
};

}  // namespace latchkey::homeserver
