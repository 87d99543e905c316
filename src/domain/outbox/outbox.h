#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "domain/identifiers.h"
#include "platform/db/tx.h"
#include "platform/time.h"

// What others have to be told of what happened here: a homeserver of a deleted device, a person by
// mail of a new password. Told over a network, it can fail, and the process can die first; so it is
// written down in the transaction of its cause, and delivered afterwards.
//
//   cause's transaction          worker                        destination
//   ───────────────────          ──────                        ───────────
//   append() ── commit ── wakes ─► claim the lane
//                                  deliver the first item ────► (at least once)
//                                  settle: delete it, next ◄─── delivered
//                                  or: again later         ◄─── failed
//
// A *lane* is what one user has waiting for one destination of one consumer. Its items are
// delivered in the order of their transactions, the next one when the one before is settled: an
// item that cannot be delivered holds up its own lane and no other. A lane exists while it has
// items:
//
// An item that says what has changed, and not how, takes the place of the same one that waits;
// never of the lane's first, which may be under way. So a lane has each of these at most twice,
// however long its destination is away.
//
//            append            claim                  delivered, the last one
//   (none) ─────────► waiting ───────► claimed ─────────────────────────────► (none)
//                        ▲               │  └─ delivered, more follow: claimed anew
//                        └── failed: later ──┘
//
// At least once: a worker that dies between delivery and settling leaves its claim behind, and the
// item is delivered again, as late as after an attempt that failed: the delivery may be what the
// worker died of. So a destination sees each item of a lane in order, and may see the last
// one again. How a claim is known to be a dead worker's: leases.h. Which failures are tried again,
// and when: retry.h. Nothing is given up except what its consumer refuses, with a line in the log.
namespace latchkey::outbox {

struct NewItem {
  std::string consumer;          // Consumer::name()
  std::string destination = {};  // where the consumer has several: each is a lane of its own
  UserId user;
  std::string kind;     // for the consumer and the log
  std::string payload;  // the consumer's own; no secret that should not lie in the database
  // It says what has changed, not how: one that is the same and waits in its lane is void.
  bool replaces = false;
};

struct Item {
  std::int64_t id = 0;
  std::string destination;
  UserId user{};
  std::string kind;
  std::string payload;
  Time created_at;
};

// What became of an attempt.
struct Delivery {
  enum class Outcome {
    delivered,
    failed,   // to be tried again
    refused,  // for ever: the item is dropped, and the log says so
  };

  Outcome outcome = Outcome::delivered;
  std::string why = {};  // a sentence for the log
  // What the destination asked for (Retry-After).
  std::optional<Duration> after = {};

  static Delivery delivered() { return {}; }
  static Delivery failed(std::string why, std::optional<Duration> after = {}) {
    return {Outcome::failed, std::move(why), after};
  }
  static Delivery refused(std::string why) { return {Outcome::refused, std::move(why)}; }
};

// Within these an attempt has to end. After the deadline another worker may take the item, so an
// attempt that goes on may arrive behind later ones.
struct AttemptLimits {
  std::chrono::steady_clock::time_point deadline;
  std::stop_token stop;  // the server ends: come back soon, delivered or not
};

// Delivers items. Called on the workers' threads, several at a time, never within a transaction.
class Consumer {
 public:
  virtual ~Consumer() = default;

  // Stored with the items: never another one for the same consumer.
  virtual std::string_view name() const = 0;
  // How many lanes at a time on this node, 2 or more: one is kept for first attempts.
  virtual std::size_t parallel() const { return 2; }
  // An exception is a failed attempt.
  virtual Delivery deliver(const Item& item, const AttemptLimits& limits) = 0;
};

// Rung when there is something new; for any number of threads.
class Bell {
 public:
  void ring();
  // Waits for a ring after the last one that was `heard`, the time or the stop.
  void wait(const std::stop_token& stop, Duration time, std::uint64_t& heard);

 private:
  std::mutex mutex_;
  std::condition_variable_any rung_;
  std::uint64_t rings_ = 0;
};

// Where items are put in. To outlive the database whose transactions append to it.
class Outbox {
 public:
  explicit Outbox(const Clock& clock) : clock_(clock) {}

  // Adds the item to its lane when `tx` commits, and wakes this node's workers.
  void append(db::Tx& tx, NewItem item);

  Bell& bell(const std::string& consumer);
  const Clock& clock() const { return clock_; }

 private:
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Bell>> bells_;
};

}  // namespace latchkey::outbox
