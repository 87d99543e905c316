#pragma once

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
    std::optional<PostgresItem> item;
    bool closing = false;  // and no item was left
  };
  // The next item for a connection made at `made_at`; waits for one, but not longer than
  // `longest`.
  Taken take(Clock::time_point made_at, Duration longest);

  // Waits for `span`; true when the queue is closing.
  bool closing_within(Duration span);

  // From now on take() does not wait, and push() refuses.
  void close();
  // After the last take(): whatever is left gets Unavailable.
  void drop_rest();

  std::size_t size() const;
  std::uint64_t failures() const { return failures_; }

 private:
  void expire();
  void refuse(PostgresItem item, const char* reason);
  std::vector<PostgresItem> remove_expired(Clock::time_point now);

  const std::size_t limit_;
  const Duration patience_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;  // something was put in, or the queue is closing
  std::condition_variable closed_;
  std::deque<PostgresItem> items_;
  bool closing_ = false;
  std::atomic<std::uint64_t> failures_{0};
  std::thread expirer_;
};

}  // namespace latchkey::db
