#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "platform/db/database.h"

namespace latchkey {

// What one node at a time does for all, by a row that its holder renews with another random number
// each time. A row that stands unchanged for longer than a lease lasts, by the monotonic clock of
// the node that watches it, is of a node that is gone: the watcher takes it over. No clocks of two
// machines are compared (as with the outbox, docs/decisions/0015). No session-wide lock of
// PostgreSQL, which pgBouncer would hand to somebody else.
//
// A holder that cannot renew stops believing in its lease well before others may take it. What is
// done under a lease must still bear being done by two for a moment: a node can be stopped between
// two statements.
class Lease {
 public:
  using Clock = std::chrono::steady_clock;

  struct Times {
    Duration renewed = std::chrono::seconds{3};  // how often keep() is to be called
    Duration believed = std::chrono::seconds{10};
    Duration lasts = std::chrono::seconds{15};
  };

  // `alone`: there are no other nodes. Then it is always held and nothing is written.
  Lease(db::Database& db, std::string name, bool alone, const Times& times);
  Lease(db::Database& db, std::string name, bool alone)
      : Lease(db, std::move(name), alone, Times()) {}

  // Renews it, or takes it if it is nobody's. From one thread. Throws what the database throws.
  void keep(Clock::time_point now = Clock::now());
  // Lets the next node have it at once.
  void give_up();

  // Of a database that is put back: whoever had a lease when it was copied is of no interest.
  static void forget_all(db::Tx& tx);

  // Whether it is this node's. Any thread may ask.
  bool held(Clock::time_point now = Clock::now()) const;

  const Times& times() const { return times_; }

 private:
  // Another one each time, never 0.
  using Holder = std::int64_t;

  bool renew(Holder next);
  bool take(Holder next, Clock::time_point now);
  void believe_until(Clock::time_point until);

  db::Database& db_;
  const std::string name_;
  const bool alone_;
  const Times times_;
  Holder mine_ = 0;  // what the row has to hold; 0: it is not this node's
  std::optional<Holder> seen_;
  Clock::time_point seen_since_;
  std::atomic<Clock::rep> believed_until_{Clock::time_point::min().time_since_epoch().count()};
};

}  // namespace latchkey
