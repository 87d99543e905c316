#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "domain/events/events.h"
#include "domain/ground/ground.h"
#include "domain/homeserver/homeserver.h"
#include "domain/homeserver/homeserver_rows.h"
#include "domain/outbox/outbox.h"
#include "platform/task.h"
#include "platform/threads/work_pool.h"

// No token is handed out before the homeserver knows its user and its device: it answers a token of
// an unknown device like a dead one, and clients wipe their keys.
//
//   sign-in's transaction          here                               homeserver
//   ─────────────────────          ────                               ──────────
//   session on a device ── no record ─► rolled back (DoFirst)
//                                  wait until no item for it is left
//                                  write a record of the device
//                                  make the device ───────────────────► user, device
//   again: session ── record ─► removed, commit: the token is handed out
//
// What holds at the commit, all of it read in its transaction: the record of this sign-in is there,
// so nothing has deleted the device since (whoever does removes its records, in the transaction
// that writes the deletion into the outbox); and no item for the device waits, so none can arrive
// later. A record whose sign-in came to nothing, whatever the reason and whoever died, is settled:
// the device goes at the homeserver unless it is here after all.
namespace latchkey::homeserver {

struct ProvisioningOptions {
  Duration patience = std::chrono::seconds{10};  // of a sign-in
  std::size_t threads = 16;                      // sign-ins that wait for the homeserver at once
  std::size_t queue = 1'000;                     // and those that wait for one of these
  // A record that old is of a process that has died.
  Duration abandoned_after = std::chrono::minutes{5};
  Duration sweep = std::chrono::seconds{30};
};

class Provisioning {
 public:
  struct Parts {
    const Ground& ground;
    Homeserver& homeserver;
    outbox::Outbox& outbox;
    // No other process uses this database: every record found at the start is a dead one's.
    bool alone = false;
    ProvisioningOptions options = {};
  };

  // Listens to what begins sessions and adds devices. `self` gives the object once it is there.
  using Self = std::function<Provisioning&()>;
  static void listen(events::Events& events, const Self& self);

  explicit Provisioning(const Parts& parts);
  // Ends the calls that run; those who wait for them get Unavailable.
  ~Provisioning();
  Provisioning(const Provisioning&) = delete;
  Provisioning& operator=(const Provisioning&) = delete;

  // What a sign-in or a registration needs and the homeserver never does is Refused, thrown in
  // place of Unavailable.

  // Whether a person may register that name as far as the homeserver goes. Throws Unavailable.
  Task<NameState> state_of_name(std::string localpart);

  // Makes the user of an account that does not exist here yet, before the account is committed.
  // Throws Unavailable.
  Task<void> make_user(std::string localpart);

  // Waits until the homeserver has heard that the person may reset their encryption identity.
  // Throws Unavailable when that takes long; it will be told all the same.
  Task<void> wait_for_reset(UserId user);

  // Settles the records of sign-ins that came to nothing. By itself it does so in the background.
  void sweep_now();

 private:
  class Ticket;
  struct Device {
    std::string localpart;
    std::string device_id;
    std::optional<std::string> name;  // of one that is new
  };
  struct Begun {
    RecordId record{};
    Person person;
    bool account = false;  // there is one already
  };

  void require(db::Tx& tx, Device device);
  Task<std::shared_ptr<void>> make(Device device);
  std::optional<Begun> begin(db::Tx& tx, const Device& device);
  struct Made {
    Reply<> reply;
    bool touched = false;  // the homeserver may have the device
  };
  Made make_there(const Device& device, const Begun& begun, const CallLimits& limits);
  CallLimits limits() const;
  template <class Fn>
  static Task<std::invoke_result_t<Fn&>> call(threads::WorkPool& pool, Fn fn);

  void settle(const Record& record, bool touched);
  void run(const std::stop_token& stop);

  const Parts parts_;
  std::stop_source stop_;

  struct Abandoned {
    Record record;
    bool touched = true;  // the homeserver may have the device
  };
  // Of the sign-ins too, whose coroutines may be given up after this object.
  struct Shared {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::set<RecordId> made;  // whose device the homeserver has acknowledged
    std::vector<Abandoned> abandoned;
  };
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();

  std::unique_ptr<threads::WorkPool> pool_;
  // Anybody may ask whether a name is free: that takes no sign-in's thread.
  std::unique_ptr<threads::WorkPool> names_;
  std::jthread sweeper_;
};

}  // namespace latchkey::homeserver
