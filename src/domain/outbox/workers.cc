#include "domain/outbox/workers.h"

#include <pthread.h>

#include <algorithm>

#include "domain/outbox/leases.h"
#include "domain/outbox/outbox_rows.h"
#include "domain/outbox/retry.h"
#include "platform/crypto/random.h"

namespace latchkey::outbox {
namespace {

using Steady = std::chrono::steady_clock;

constexpr const char* kRefused = "refused";

// After so many items a lane goes to the end of the queue.
constexpr int kItemsInARow = 100;
// A destination that is down must not fill the log.
constexpr auto kBetweenLines = std::chrono::seconds{10};

double chance() { return static_cast<double>(crypto::random_uint64() >> 11) * 0x1.0p-53; }

telemetry::Counter& attempts(telemetry::Registry& metrics, std::string_view consumer,
                             const char* outcome) {
  return metrics.counter("latchkey_outbox_deliveries_total",
                         "Attempts to deliver an item of the outbox.",
                         {{"consumer", std::string(consumer)}, {"outcome", outcome}});
}

// Whoever held the lane is dead: what it was delivering may have been the reason, so it waits like
// every other that has failed.
void put_off_abandoned(const Workers::Parts& parts, const HeldLane& lane) {
  const Duration delay = retry_delay(lane.attempts, {}, chance());
  const Time due_at = parts.outbox.clock().now() + delay;
  if (!parts.db.write_now([&](db::Tx& tx) { return put_off(tx, lane, due_at); })) return;
  parts.log.warning("a delivery was left unfinished and will be tried again",
                    {{"consumer", lane.lane.consumer},
                     {"destination", lane.lane.destination},
                     {"user", static_cast<std::int64_t>(lane.lane.user)},
                     {"attempts", lane.attempts},
                     {"again_in_ms", delay.count()}});
}

}  // namespace

std::uint64_t refused(telemetry::Registry& metrics, std::string_view consumer) {
  return attempts(metrics, consumer, kRefused).value();
}

// What the threads of one consumer have in common.
struct Workers::Shared {
  Shared(const Parts& from, Consumer& to)
      : parts(from),
        consumer(to),
        name(to.name()),
        bell(from.outbox.bell(name)),
        delivered(count("delivered")),
        failed(count("failed")),
        refused(count(kRefused)) {
    const telemetry::Labels labels{{"consumer", name}};
    parts.metrics.gauge(
        "latchkey_outbox_pending", "Items that wait to be delivered, counted up to 10000.",
        [values = backlog] { return static_cast<double>(values->pending.load()); }, labels);
    parts.metrics.gauge(
        "latchkey_outbox_oldest_seconds", "Age of the oldest item that waits to be delivered.",
        [values = backlog, &clock = parts.outbox.clock()] {
          const std::int64_t oldest = values->oldest.load();
          const std::int64_t now = to_millis(clock.now());
          return oldest == 0 ? 0.0
                             : static_cast<double>(std::max<std::int64_t>(0, now - oldest)) / 1e3;
        },
        labels);
  }

  telemetry::Counter& count(const char* outcome) { return attempts(parts.metrics, name, outcome); }

  // Says that an attempt has failed, or that some have since the last time.
  void report(const Work& work, const Delivery& delivery, Duration delay) {
    std::uint64_t silent = 0;
    {
      const std::scoped_lock lock(mutex);
      const Steady::time_point now = Steady::now();
      if (now < next_line) {
        ++unsaid;
        return;
      }
      next_line = now + kBetweenLines;
      silent = std::exchange(unsaid, 0);
    }
    parts.log.warning("a delivery failed and will be tried again",
                      {{"consumer", name},
                       {"destination", work.item.destination},
                       {"user", static_cast<std::int64_t>(work.item.user)},
                       {"kind", work.item.kind},
                       {"fault", delivery.why},
                       {"failures", work.held.attempts},
                       {"again_in_ms", delay.count()},
                       {"others_failed", silent}});
  }

  const Parts parts;
  Consumer& consumer;
  const std::string name;
  Bell& bell;
  telemetry::Counter& delivered;
  telemetry::Counter& failed;
  telemetry::Counter& refused;

  // Outlives this: the registry asks for it.
  struct Values {
    std::atomic<std::int64_t> pending{0};
    std::atomic<std::int64_t> oldest{0};  // 0: none
  };
  const std::shared_ptr<Values> backlog = std::make_shared<Values>();

  std::mutex mutex;
  Steady::time_point next_line{};
  std::uint64_t unsaid = 0;
};

class Workers::Worker {
 public:
  // The first of a consumer makes first attempts only: retries that take their time do not keep
  // what is new waiting. The last also looks after abandoned lanes and the numbers.
  Worker(std::shared_ptr<Shared> shared, std::size_t index, std::size_t count)
      : shared_(std::move(shared)),
        first_attempts_only_(index == 0),
        caretaker_(index + 1 == count),
        watch_(shared_->parts.timing.lease) {}

  void run(const std::stop_token& stop) {
    std::uint64_t heard = 0;
    while (!stop.stop_requested()) {
      bool idle = true;
      try {
        const Steady::time_point began = Steady::now();
        if (auto work = next_work()) {
          idle = false;
          deliver_lane(std::move(*work), began, stop);
        }
        troubled_ = false;
      } catch (const std::exception& fault) {
        // What was claimed is put off by others when its lease is over.
        idle = true;
        if (!std::exchange(troubled_, true)) {
          shared_->parts.log.warning("deliveries wait for the database",
                                     {{"consumer", shared_->name}, {"fault", fault.what()}});
        }
      }
      if (idle) shared_->bell.wait(stop, shared_->parts.timing.poll, heard);
    }
  }

 private:
  db::Database& db() const { return shared_->parts.db; }
  Time now() const { return shared_->parts.outbox.clock().now(); }

  std::optional<Work> next_work() {
    if (caretaker_) look_after();
    if (!first_attempts_only_) {
      if (auto work = claim(Attempts::repeated)) return work;
    }
    return claim(Attempts::first);
  }

  // Reads first, which disturbs nobody.
  std::optional<Work> claim(Attempts which) {
    if (!db().read_now([&](db::Tx& tx) { return is_due(tx, shared_->name, which, now()); })) {
      return std::nullopt;
    }
    return db().write_now([&](db::Tx& tx) { return claim_due(tx, shared_->name, which, now()); });
  }

  void look_after() {
    const Steady::time_point at = Steady::now();
    if (at >= next_measure_) {
      next_measure_ = at + shared_->parts.timing.measure;
      const Backlog backlog = db().read_now([&](db::Tx& tx) { return measure(tx, shared_->name); });
      shared_->backlog->pending = backlog.pending;
      shared_->backlog->oldest = backlog.oldest ? to_millis(*backlog.oldest) : 0;
    }
    if (at < next_watch_) return;
    next_watch_ = at + shared_->parts.timing.poll;
    const auto held = db().read_now([&](db::Tx& tx) { return held_lanes(tx, shared_->name); });
    for (const HeldLane& lane : watch_.abandoned(held, Steady::now())) {
      put_off_abandoned(shared_->parts, lane);
    }
  }

  // `claimed_at` is from before the claim was written: no lease ends earlier than a lease after it.
  void deliver_lane(Work work, Steady::time_point claimed_at, const std::stop_token& stop) {
    for (int left = kItemsInARow; left > 0; --left) {
      const Timing& timing = shared_->parts.timing;
      const Steady::time_point deadline = Steady::now() + timing.patience;
      if (stop.stop_requested() || deadline >= claimed_at + timing.lease) {
        db().write_now([&](db::Tx& tx) { release(tx, work.held); });
        return;
      }
      const Delivery delivery = attempt(work.item, {deadline, stop});
      if (delivery.outcome == Delivery::Outcome::failed) return put_off(work, delivery);
      if (delivery.outcome == Delivery::Outcome::refused) {
        shared_->refused.add(0);
        shared_->parts.log.error("a delivery was refused for ever and is dropped",
                                 {{"consumer", shared_->name},
                                  {"destination", work.item.destination},
                                  {"user", static_cast<std::int64_t>(work.item.user)},
                                  {"kind", work.item.kind},
                                  {"fault", delivery.why}});
      } else {
        shared_->delivered.add(0);
      }
      claimed_at = Steady::now();
      const Then then = left > 1 && !stop.stop_requested() ? Then::go_on : Then::release;
      auto next = db().write_now([&](db::Tx& tx) { return settle(tx, work, then, now()); });
      if (!next) return;
      work = std::move(*next);
    }
  }

  Delivery attempt(const Item& item, const AttemptLimits& limits) {
    try {
      return shared_->consumer.deliver(item, limits);
    } catch (const std::exception& fault) {
      return Delivery::failed(fault.what());
    }
  }

  void put_off(const Work& work, const Delivery& delivery) {
    shared_->failed.add(0);
    const Duration delay = retry_delay(work.held.attempts, delivery.after, chance());
    db().write_now([&](db::Tx& tx) { outbox::put_off(tx, work.held, now() + delay); });
    shared_->report(work, delivery, delay);
  }

  const std::shared_ptr<Shared> shared_;
  const bool first_attempts_only_;
  const bool caretaker_;
  bool troubled_ = false;
  LeaseWatch watch_;
  Steady::time_point next_watch_{};
  Steady::time_point next_measure_{};
};

Workers::Workers(const Parts& parts, const Consumers& consumers) {
  if (parts.alone) {
    for (const HeldLane& lane : parts.db.read_now([](db::Tx& tx) { return all_held_lanes(tx); })) {
      put_off_abandoned(parts, lane);
    }
  }
  for (const std::string& name :
       parts.db.read_now([](db::Tx& tx) { return consumers_with_items(tx); })) {
    const auto known = [&](Consumer& consumer) { return consumer.name() == name; };
    if (std::ranges::none_of(consumers, known)) {
      parts.log.warning("items wait for a consumer that is not configured", {{"consumer", name}});
    }
  }
  for (Consumer& consumer : consumers) {
    const auto shared = std::make_shared<Shared>(parts, consumer);
    const std::size_t count = std::max<std::size_t>(2, consumer.parallel());
    for (std::size_t i = 0; i < count; ++i) {
      workers_.push_back(std::make_unique<Worker>(shared, i, count));
    }
  }
  for (const auto& worker : workers_) {
    threads_.emplace_back([&worker](const std::stop_token& stop) { worker->run(stop); });
    pthread_setname_np(threads_.back().native_handle(), "outbox");
  }
}

Workers::~Workers() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

}  // namespace latchkey::outbox
