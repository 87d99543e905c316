#include "domain/homeserver/provisioning.h"

#include <pthread.h>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "domain/homeserver/changes.h"
#include "platform/db/do_first.h"

namespace latchkey::homeserver {
namespace {

using Steady = std::chrono::steady_clock;

// Between two looks whether what goes before has been delivered.
constexpr std::chrono::milliseconds kPause{10};
constexpr std::int64_t kSweepBatch = 100;
constexpr std::size_t kNameThreads = 4;
constexpr std::size_t kNameQueue = 100;

Task<void> pause(Duration time) {
  boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, Executor> timer(
      co_await boost::asio::this_coro::executor, time);
  co_await timer.async_wait(boost::asio::use_awaitable_t<Executor>());
}

[[noreturn]] void give_up(const Trouble& trouble) {
  if (trouble.kind == Trouble::Kind::refused) throw Refused(trouble.sentence);
  throw Unavailable(trouble.sentence);
}

}  // namespace

// A device that is being made, from its record to the end of the write that it is made for.
class Provisioning::Ticket {
 public:
  Ticket(std::shared_ptr<Shared> shared, Record record)
      : shared_(std::move(shared)), record_(std::move(record)) {}
  ~Ticket() {
    {
      const std::scoped_lock lock(shared_->mutex);
      // The commit has taken it out.
      if (made_ && shared_->made.erase(record_.id) == 0) return;
      shared_->abandoned.push_back({std::move(record_), touched_});
    }
    shared_->wake.notify_all();
  }
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

  void made() {
    const std::scoped_lock lock(shared_->mutex);
    shared_->made.insert(record_.id);
    made_ = true;
  }
  void untouched() { touched_ = false; }

 private:
  const std::shared_ptr<Shared> shared_;
  Record record_;
  bool made_ = false;
  bool touched_ = true;
};

void Provisioning::listen(events::Events& events, const Self& self) {
  events.listen<events::DeviceAdded>([self](db::Tx& tx, const events::DeviceAdded& event) {
    auto localpart = localpart_of(tx, event.user);
    if (!localpart) return;
    self().require(tx, {std::move(*localpart), event.device_id, event.display_name});
    // For the session that begins on it in this transaction.
    tx.note_held("devices", std::to_underlying(event.device));
  });
  events.listen<events::SessionStarted>([self](db::Tx& tx, const events::SessionStarted& event) {
    if (!event.device || tx.holds("devices", std::to_underlying(*event.device))) return;
    auto device = device_of(tx, *event.device);
    if (!device) return;
    self().require(tx, {std::move(device->localpart), std::move(device->device_id), std::nullopt});
  });
}

Provisioning::Provisioning(const Parts& parts)
    : parts_(parts),
      pool_(std::make_unique<threads::WorkPool>(parts.options.threads, parts.options.queue,
                                                /*nice=*/0)),
      names_(std::make_unique<threads::WorkPool>(kNameThreads, kNameQueue, /*nice=*/0)),
      sweeper_([this](const std::stop_token& stop) { run(stop); }) {
  pthread_setname_np(sweeper_.native_handle(), "homeserver");
}

Provisioning::~Provisioning() {
  stop_.request_stop();
  pool_.reset();
  names_.reset();
}

CallLimits Provisioning::limits() const {
  return {.deadline = Steady::now() + parts_.options.patience, .stop = stop_.get_token()};
}

// Runs a call on a thread that may wait. The deadline counts from here, whenever its turn comes.
template <class Fn>
Task<std::invoke_result_t<Fn&>> Provisioning::call(threads::WorkPool& pool, Fn fn) {
  auto reply = co_await pool.run(std::move(fn));
  if (!reply) throw Unavailable("too many wait for the homeserver");
  co_return std::move(*reply);
}

// --- inside the sign-in's transaction ---

void Provisioning::require(db::Tx& tx, Device device) {
  if (!device_waits(tx, device.localpart, device.device_id)) {
    for (const RecordId id : records_of(tx, device.localpart, device.device_id)) {
      {
        const std::scoped_lock lock(shared_->mutex);
        if (!shared_->made.contains(id)) continue;
      }
      if (!delete_record(tx, id)) continue;
      tx.after_commit([shared = shared_, id] {
        const std::scoped_lock lock(shared->mutex);
        shared->made.erase(id);
      });
      return;
    }
  }
  throw db::DoFirst([this, device = std::move(device)] { return make(device); });
}

// --- between its two rounds ---

// Absent: an item for the device waits.
std::optional<Provisioning::Begun> Provisioning::begin(db::Tx& tx, const Device& device) {
  if (device_waits(tx, device.localpart, device.device_id)) return std::nullopt;
  if (much_waits(tx, device.localpart)) {
    throw Unavailable("too much waits to be told to the homeserver of one user");
  }
  const Time now = parts_.ground.clock.now();
  Begun begun;
  begun.person.localpart = device.localpart;
  if (auto facts = account_facts(tx, device.localpart)) {
    begun.person = std::move(facts->person);
    begun.account = true;
  } else {
    insert_name(tx, device.localpart, now);
  }
  do {
    begun.record = parts_.ground.ids.next<RecordId>(now);
  } while (!insert_record(tx, begun.record, device.localpart, device.device_id, now));
  return begun;
}

Provisioning::Made Provisioning::make_there(const Device& device, const Begun& begun,
                                            const CallLimits& limits) {
  const auto put_user = [&] { return parts_.homeserver.put_user(begun.person, limits); };
  const auto put_device = [&] {
    Made made{
        parts_.homeserver.put_device(device.localpart, device.device_id, device.name, limits)};
    // What has failed may have been done.
    made.touched = made.reply || made.reply.error().kind == Trouble::Kind::failed;
    return made;
  };
  if (begun.account) {
    // It mostly knows the user.
    auto made = put_device();
    if (made.reply || made.reply.error().kind != Trouble::Kind::unknown_user) return made;
  }
  if (auto user = put_user(); !user) return {std::move(user)};
  return put_device();
}

Task<std::shared_ptr<void>> Provisioning::make(Device device) {
  const CallLimits limits = this->limits();
  db::Database& db = parts_.ground.db;
  std::optional<Begun> begun;
  for (;;) {
    const bool waits = co_await db.read(
        [&](db::Tx& tx) { return device_waits(tx, device.localpart, device.device_id); });
    if (!waits) begun = co_await db.write([&](db::Tx& tx) { return begin(tx, device); });
    if (begun) break;
    if (Steady::now() >= limits.deadline) {
      throw Unavailable("the homeserver has not been told yet what happened to the device before");
    }
    co_await pause(kPause);
  }
  const auto ticket =
      std::make_shared<Ticket>(shared_, Record{begun->record, device.localpart, device.device_id});
  const auto [made, touched] =
      co_await call(*pool_, [&] { return make_there(device, *begun, limits); });
  if (!touched) ticket->untouched();
  if (!made) give_up(made.error());
  ticket->made();
  co_return ticket;
}

// --- for registration ---

Task<NameState> Provisioning::state_of_name(std::string localpart) {
  // Of a registration that came to nothing.
  if (co_await parts_.ground.db.read([&](db::Tx& tx) { return has_name(tx, localpart); })) {
    co_return NameState::free;
  }
  const CallLimits limits = this->limits();
  const auto state =
      co_await call(*names_, [&] { return parts_.homeserver.state_of_name(localpart, limits); });
  if (!state) give_up(state.error());
  co_return *state;
}

Task<void> Provisioning::make_user(std::string localpart) {
  const CallLimits limits = this->limits();
  Person person;
  person.localpart = localpart;
  co_await parts_.ground.db.write([&](db::Tx& tx) {
    if (!account_id(tx, localpart)) insert_name(tx, localpart, parts_.ground.clock.now());
  });
  const auto made =
      co_await call(*pool_, [&] { return parts_.homeserver.put_user(person, limits); });
  if (!made) give_up(made.error());
}

// --- for the account pages ---

Task<void> Provisioning::wait_for_reset(UserId user) {
  const CallLimits limits = this->limits();
  while (co_await parts_.ground.db.read([&](db::Tx& tx) { return reset_waits(tx, user); })) {
    if (Steady::now() >= limits.deadline) {
      throw Unavailable("the homeserver has not been told of a cross-signing reset yet");
    }
    co_await pause(kPause);
  }
}

// --- what came to nothing ---

void Provisioning::settle(const Record& record, bool touched) {
  parts_.ground.db.write_now([&](db::Tx& tx) {
    // Gone: its sign-in was committed, or somebody has settled the device.
    if (!delete_record(tx, record.id)) return;
    if (touched) settle_device(tx, parts_.outbox, record.localpart, record.device_id);
  });
}

void Provisioning::sweep_now() {
  const Time now = parts_.ground.clock.now();
  const Time before = now - parts_.options.abandoned_after;
  const auto old = parts_.ground.db.read_now(
      [&](db::Tx& tx) { return records_before(tx, before, kSweepBatch); });
  for (const Record& record : old) settle(record, true);
}

void Provisioning::run(const std::stop_token& stop) {
  bool troubled = false;
  Steady::time_point next_sweep = Steady::now() + parts_.options.sweep;
  bool first = true;
  while (!stop.stop_requested()) {
    std::vector<Abandoned> abandoned;
    {
      std::unique_lock lock(shared_->mutex);
      shared_->wake.wait_until(lock, stop, first ? Steady::now() : next_sweep,
                               [this] { return !shared_->abandoned.empty(); });
      abandoned.swap(shared_->abandoned);
    }
    try {
      if (std::exchange(first, false) && parts_.alone) {
        const auto left = parts_.ground.db.read_now(
            [&](db::Tx& tx) { return records_before(tx, parts_.ground.clock.now(), kSweepBatch); });
        for (const Record& record : left) settle(record, true);
      }
      while (!abandoned.empty()) {
        settle(abandoned.back().record, abandoned.back().touched);
        abandoned.pop_back();
      }
      if (Steady::now() >= next_sweep) {
        next_sweep = Steady::now() + parts_.options.sweep;
        sweep_now();
      }
      troubled = false;
    } catch (const std::exception& fault) {
      // What is left of these is swept when it is old.
      next_sweep = Steady::now() + parts_.options.sweep;
      if (!std::exchange(troubled, true)) {
        parts_.ground.log.warning("devices of sign-ins that came to nothing wait for the database",
                                  {{"fault", fault.what()}});
      }
    }
  }
}

}  // namespace latchkey::homeserver
