#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "platform/db/operation.h"

namespace latchkey::db {

// An operation for the pool.
struct PostgresItem {
  using Clock = Operation::Clock;

  PostgresItem(Operation op, bool writes) : operation(std::move(op)), write(writes) {}

  Operation operation;
  bool write;
  bool retried = false;
  // Only for a connection made after this: those made before may be lost as well.
  Clock::time_point needs_newer_than = Clock::time_point::min();
  Clock::time_point deadline;
};

// What waits for a connection: bounded in number and in time. An operation that no connection
// takes within `patience` gets Unavailable, so that nobody waits for a database that is away.
class PostgresQueue {
 public:
  using Clock = PostgresItem::Clock;

  PostgresQueue(std::size_t limit, Duration patience);
  ~PostgresQueue();  // after close()

  // Refuses (by the item's own completion) when full or closing.
  void push(PostgresItem item);
  // Puts back, first in line, what lost its connection before it had an effect.
  void put_back(PostgresItem item);

  struct Taken {
    // None, or one; or several that are one statement each, all reads or all writes.
    std::vector<PostgresItem> items;
    bool closing = false;  // and no item was left
  };
  // What a connection made at `made_at` is to do next; waits for it, but not longer than `longest`.
  // Of single statements it takes all that wait. They gather meanwhile, since only some connections
  // work on them at a time: who takes some says when they are done, or that it goes on without a
  // connection.
  Taken take(Clock::time_point made_at, Duration longest);
  void done(const Taken& taken);
  void abandoned(const Taken& taken);

  // Waits for `span`; true when the queue is closing.
  bool closing_within(Duration span);

  // From now on take() does not wait, and push() refuses.
  void close();
  // After the last take(): whatever is left gets Unavailable.
  void drop_rest();

  std::size_t size() const;
  std::uint64_t failures() const { return failures_; }

 private:
  // Connections that work on single statements, of reads and of writes; and how many at most.
  static constexpr std::size_t most_gathering = 2;
  static constexpr std::size_t largest_batch = 32;
  bool has_turn(const PostgresItem& item) const {
    return item.operation.one == nullptr || gathering_[item.write ? 1 : 0] < most_gathering;
  }
  void gather(Taken& taken, Clock::time_point made_at);

  void expire();
  void refuse(PostgresItem item, const char* reason);
  std::vector<PostgresItem> remove_expired(Clock::time_point now);

  const std::size_t limit_;
  const Duration patience_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;  // something was put in, or the queue is closing
  std::condition_variable closed_;
  std::deque<PostgresItem> items_;
  std::array<std::size_t, 2> gathering_{};
  bool closing_ = false;
  std::atomic<std::uint64_t> failures_{0};
  std::thread expirer_;
};

}  // namespace latchkey::db
